<?php
// Sisi SIMPEG: mengirim pegawai yang berubah, membaca hasil setiap baris, lalu mengikuti perubahan.
//
//     SIMEDSOS_URL=https://… SIMEDSOS_KEY=sm_live_… php simpeg.php pegawai.json kursor.txt
//
// pegawai.json: [{"nip": "1990…", "name": "…", "category": "pns|pppk|pppk_paruh_waktu", "unit_id": "…"}]
// Kunci memerlukan employees:write dan changes:read. PHP 8.1 ke atas dengan ekstensi curl.
declare(strict_types=1);

const PER_BATCH = 1000;
const ATTEMPTS = 5;
// 429 dan 503 menyebut kapan boleh mencoba lagi (Retry-After); kesalahan lain tidak diulang.
const AGAIN = [429, 502, 503, 504];

/** Penolakan menurut RFC 9457 (application/problem+json). */
final class Problem extends RuntimeException
{
    /** @param list<array{pointer: string, code: string, message: string}> $errors */
    public function __construct(public readonly int $status, public readonly string $type, string $detail, public readonly array $errors)
    {
        parent::__construct($detail, $status);
    }
}

final class Simedsos
{
    public function __construct(private readonly string $url, private readonly string $key)
    {
    }

    /** @return array<string, mixed> */
    public function get(string $path, array $query = []): array
    {
        return $this->call('GET', $path . ($query === [] ? '' : '?' . http_build_query($query)), null, []);
    }

    /**
     * Kunci idempotensi dibuat sekali dan diulang pada setiap percobaan: permintaan yang ternyata
     * sudah dikerjakan dijawab dengan jawaban yang sama, dan tidak dikerjakan dua kali.
     *
     * @return array<string, mixed>
     */
    public function post(string $path, array $body): array
    {
        $once = 'Idempotency-Key: ' . bin2hex(random_bytes(16));
        return $this->call('POST', $path, json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), [$once]);
    }

    /** @return array<string, mixed> */
    private function call(string $method, string $path, ?string $body, array $headers): array
    {
        for ($attempt = 1; ; $attempt++) {
            [$status, $told, $wait] = $this->once($method, $path, $body, $headers);
            if ($status >= 200 && $status < 300) {
                // Angka panjang tetap utuh: NIP selalu teks.
                return json_decode($told, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
            }
            if ($attempt < ATTEMPTS && ($status === 0 || in_array($status, AGAIN, true))) {
                sleep($wait ?? 2 ** $attempt);
                continue;
            }
            if ($status === 0) {
                throw new RuntimeException('Layanan tidak dapat dihubungi: ' . $told);
            }
            $problem = json_decode($told, true) ?? [];
            throw new Problem($status, basename($problem['type'] ?? 'unknown'), $problem['detail'] ?? '', $problem['errors'] ?? []);
        }
    }

    /** @return array{int, string, ?int} status (0: tidak terhubung), isi, dan detik dari Retry-After */
    private function once(string $method, string $path, ?string $body, array $headers): array
    {
        $wait = null;
        $curl = curl_init($this->url . $path);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => [...$headers, 'Authorization: Bearer ' . $this->key, 'Content-Type: application/json'],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT => 10,
            CURLOPT_TIMEOUT => 60,
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$wait): int {
                if (preg_match('/^retry-after:\s*(\d+)/i', $line, $found)) {
                    $wait = (int) $found[1];
                }
                return strlen($line);
            },
        ]);
        if ($body !== null) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
        }
        $told = curl_exec($curl);
        if ($told === false) {
            return [0, curl_error($curl), null];
        }
        return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $told, $wait];
    }
}

/** Kirim pegawai; yang ditolak disebut menurut urutannya, tanpa menulis NIP ke layar atau log. */
function send(Simedsos $simedsos, array $employees): void
{
    foreach (array_chunk($employees, PER_BATCH) as $number => $items) {
        $done = $simedsos->post('/v1/employees/batch', ['items' => $items]);
        printf("batch %d: created %d, updated %d, unchanged %d, rejected %d\n", $number + 1,
            $done['created'], $done['updated'], $done['unchanged'], $done['rejected']);
        foreach ($done['items'] as $item) {
            foreach ($item['errors'] as $fault) {
                printf("rejected row %d %s: %s\n", $number * PER_BATCH + $item['index'] + 1, $fault['pointer'], $fault['code']);
            }
        }
    }
}

/** Ikuti perubahan; kursor disimpan setelah perubahannya ditangani, sehingga tidak ada yang terlewat. */
function follow(Simedsos $simedsos, string $file): void
{
    do {
        $after = is_file($file) ? ['after' => file_get_contents($file)] : [];
        try {
            $page = $simedsos->get('/v1/changes', $after + ['limit' => 100]);
        } catch (Problem $problem) {
            if ($problem->status !== 409) {
                throw $problem;
            }
            // Layanan dipulihkan dari cadangan: mulai dari awal.
            unlink($file);
            $page = ['more' => true];
            continue;
        }
        foreach ($page['items'] as $change) {
            printf("change %s %s\n", $change['kind'], $change['subject_id']);
        }
        file_put_contents($file, $page['next'], LOCK_EX);
    } while ($page['more']);
}

$employees = json_decode(file_get_contents($argv[1]), true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
foreach ($employees as &$employee) {
    $employee['nip'] = (string) $employee['nip'];
}
unset($employee);
$simedsos = new Simedsos(rtrim(getenv('SIMEDSOS_URL'), '/'), getenv('SIMEDSOS_KEY'));
try {
    send($simedsos, $employees);
    follow($simedsos, $argv[2]);
} catch (Problem $problem) {
    fprintf(STDERR, "%d %s: %s\n", $problem->status, $problem->type, $problem->getMessage());
    foreach ($problem->errors as $fault) {
        fprintf(STDERR, "  %s: %s\n", $fault['pointer'], $fault['message']);
    }
    exit(1);
}
