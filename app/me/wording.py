"""What a verdict's reason means, as the office says it to the person: calm, in Indonesian."""

from collections.abc import Mapping

from app.compliance.rules import Reason

REASONS: Mapping[Reason, str] = {
    Reason.SEEN_IN_LIST: "Akun Anda tercantum dalam daftar pengikut akun resmi.",
    Reason.PAIR_POSITIVE: "Menurut jawaban platform, akun Anda mengikuti akun resmi.",
    Reason.SHOWN_BY_EMPLOYEE: "Anda telah menunjukkan bahwa akun Anda mengikuti akun resmi.",
    Reason.DECLARED_ACCOUNT: "Anda telah menyampaikan akun yang diminta.",
    Reason.ABSENT_FROM_TWO_COMPLETE_LISTS: (
        "Akun Anda belum tercantum dalam dua daftar pengikut lengkap. Apabila catatan ini tidak"
        " sesuai, sampaikan tanggapan."
    ),
    Reason.PAIR_NEGATIVE: (
        "Menurut jawaban platform, akun Anda belum tercatat sebagai pengikut. Apabila catatan ini"
        " tidak sesuai, sampaikan tanggapan."
    ),
    Reason.UNDECLARED: "Kami belum menerima akun Anda.",
    Reason.DECLARED_NONE: "Anda menyampaikan bahwa belum memiliki akun.",
    Reason.PLATFORM_UNDECLARED: "Kami belum menerima akun Anda pada platform yang diminta.",
    Reason.DISPUTED: "Tanggapan Anda sedang diperiksa; sampai diputus, status ini ditangguhkan.",
    Reason.DISPUTE_UPHELD: "Tanggapan Anda telah diterima.",
    Reason.NOT_DUE_YET: "Batas waktunya belum tiba.",
    Reason.ACCOUNT_CONTESTED: (
        "Akun yang Anda sampaikan juga disampaikan oleh orang lain, atau telah berganti pemilik;"
        " kepemilikannya sedang diperiksa."
    ),
    Reason.BLOCKED: "Akun resmi dan akun Anda saling diblokir, sehingga belum dapat diketahui.",
    Reason.AWAITING_SECOND_LIST: "Masih menunggu daftar pengikut berikutnya.",
    Reason.STALE: "Data terakhir sudah terlalu lama untuk menyimpulkan sesuatu.",
    Reason.ACCOUNT_UNVERIFIED: "Kepemilikan akun Anda belum diverifikasi.",
    Reason.LIST_PARTIAL: "Daftar pengikut yang ada tidak lengkap.",
    Reason.PLATFORM_CANNOT_TELL: "Platform tidak dapat memberi tahu.",
    Reason.NEVER_CHECKED: "Belum pernah diperiksa.",
}
