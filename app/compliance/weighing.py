"""The rules of following as one statement over everybody's accounts on one platform.

`rules.judge_follow` and `rules.best_of` say what it must find; the names here are those of there.
"""

from sqlalchemy import text

from app.accounts.queries import ATTESTATION_DUE, FINDING
from app.compliance.asking import SET_ASIDE, lifted
from app.observations.findable import BY_EMPLOYEE, MATCHED_AT, OF_IDS, TELLS_OF, could_hold

# Of each official account the latest lists, numbered from the oldest on. A void list takes the
# place of one that is considered and says nothing. `scales` are their moments in order, so that
# another moment is placed among them by one look.
LISTS = f"""
official AS (
    SELECT named.id, named.place, told.id IS NOT NULL AS answered
    FROM unnest(CAST(:official_account_ids AS uuid[])) WITH ORDINALITY AS named (id, place)
    LEFT JOIN LATERAL (
        SELECT told.id FROM pair_answers AS told
        WHERE told.tenant_id = :tenant_id AND told.official_account_id = named.id
        ORDER BY told.account_id LIMIT 1
    ) AS told ON true
), lists AS MATERIALIZED (
    SELECT official.place, list.id, list.taken_at, list.matched_at,
           list.of_ids, list.certificate = 'complete' AS complete,
           CAST(row_number() OVER (
               PARTITION BY official.place ORDER BY list.taken_at, list.id) AS integer) AS number
    FROM official CROSS JOIN LATERAL (
        SELECT list.id, list.taken_at, list.certificate, {MATCHED_AT} AS matched_at,
               {OF_IDS} AS of_ids
        FROM follower_lists AS list
        WHERE list.tenant_id = :tenant_id AND list.official_account_id = official.id
          AND list.taken_at <= :at
        ORDER BY list.taken_at DESC, list.id DESC LIMIT :considered
    ) AS list
    WHERE list.certificate <> 'void'
), scales AS MATERIALIZED (
    SELECT official.id AS official_account_id, official.place, official.answered,
           COALESCE(array_agg(lists.taken_at ORDER BY lists.taken_at)
                    FILTER (WHERE lists.id IS NOT NULL), '{{}}') AS taken,
           COALESCE(array_agg(lists.matched_at ORDER BY lists.matched_at)
                    FILTER (WHERE lists.id IS NOT NULL), '{{}}') AS matched
    FROM official LEFT JOIN lists ON lists.place = official.place
    GROUP BY official.id, official.place, official.answered
)"""  # noqa: S608 - Only constants of the application are put into the statement.

# The last check that found an account, where lists are searched for handles and nothing else has
# confirmed its own as late as any list could ask for. What is older than the first of them says
# nothing about any, and is not read: checks are kept for ever.
FOUND = f"""LEFT JOIN LATERAL (
        SELECT looked.checked_at FROM account_checks AS looked
        WHERE NOT CAST(:keyed_by_id AS boolean)
          AND GREATEST(account.verified_at, account.attested_at, account.seen_since)
              < :oldest_fresh
          AND looked.tenant_id = :tenant_id AND looked.account_id = account.id
          AND looked.state IN ({FINDING}) AND looked.checked_at >= account.declared_at
          AND looked.checked_at <= :at
          AND looked.checked_at >= (
              SELECT min(lists.taken_at) - CAST(:stale_after AS interval) FROM lists)
        ORDER BY looked.checked_at DESC LIMIT 1
    ) AS found ON true"""  # noqa: S608 - Only constants of the application are put in.

# The accounts themselves, and from when an absence of each may count (`_counts_from`): null where
# none does. From lists of handles an absence counts up to `named_so_until` only
# (`_still_named_so`). A retired account is no longer the employee's.
LIVE = f"""
live AS MATERIALIZED (
    SELECT account.id, account.employee_id, account.state, account.declared_at,
           account.platform_id IS NOT NULL AS has_id, account.platform_id_since,
           count(*) OVER (PARTITION BY account.employee_id) > 1 AS one_of_several,
           CASE WHEN account.state IN ('verified', 'private')
                 AND account.verified_at IS NOT NULL AND account.unseen_since IS NULL
                 AND (account.attested_at IS NULL OR {ATTESTATION_DUE} > :now)
                THEN GREATEST(account.verified_at, account.seen_since) END AS counts_from,
           GREATEST(account.verified_at, account.attested_at, account.seen_since, found.checked_at)
               + CAST(:stale_after AS interval) AS named_so_until
    FROM accounts AS account
    {FOUND}
    WHERE account.tenant_id = :tenant_id AND account.platform = :platform
      AND account.state <> 'retired'
      AND account.employee_id IN (
          SELECT asked.employee_id FROM asked WHERE asked.duty_id = :duty_id)
)"""  # noqa: S608 - Only constants of the application are put into the statement.


def _latest(name: str, answer: str) -> str:
    """The latest answer of one kind: by the index, since answers are kept for ever."""
    return f"""LEFT JOIN LATERAL (
            SELECT told.id, told.asked_at, told.source FROM pair_answers AS told
            WHERE told.tenant_id = :tenant_id
              AND told.official_account_id = scales.official_account_id
              AND told.account_id = account.id AND told.answer = '{answer}'
              AND {TELLS_OF} AND told.asked_at <= :at
            ORDER BY told.asked_at DESC, told.id DESC LIMIT 1
        ) AS {name} ON true"""  # noqa: S608 - Only names of this module are put in.


# The latest answer of each kind since the account was declared as it is now, if there are any.
ANSWERS = f"""
answers AS (
    SELECT scales.official_account_id, account.id AS account_id,
           follows.asked_at AS follows_at, follows.id AS follows_id,
           follows.source IN ({BY_EMPLOYEE}) AS by_employee,
           denies.asked_at AS denies_at, denies.id AS denies_id,
           blocked.asked_at AS blocked_at, blocked.id AS blocked_id
    FROM scales
    CROSS JOIN live AS account
    {_latest("follows", "follows")}
    {_latest("denies", "does_not_follow")}
    {_latest("blocked", "blocked")}
    WHERE scales.answered
)"""  # noqa: S608 - Only constants of the application are put into the statement.

# Each account with each official account. `shown_on` has one bit for each list that shows it.
# Accounts of one kind are on the same lists, and their moments fall between the same lists: a list
# tells all of them the same. There are at most twenty lists, so the numbers take five bits each.
HELD = """
shown AS (
    SELECT follow.official_account_id, follow.account_id, bit_or(
               (1 << width_bucket(follow.last_listed_at, scales.taken))
               - (1 << width_bucket(follow.first_listed_at - interval '1 microsecond',
                                    scales.taken))) AS lists
    FROM follows AS follow
    JOIN scales ON scales.official_account_id = follow.official_account_id
    WHERE follow.tenant_id = :tenant_id AND follow.first_listed_at IS NOT NULL
      AND follow.official_account_id = ANY(CAST(:official_account_ids AS uuid[]))
    GROUP BY follow.official_account_id, follow.account_id
), held AS MATERIALIZED (
    SELECT scales.official_account_id, scales.place, account.*, cleared.cleared_at,
           answers.follows_at, answers.follows_id, answers.by_employee, answers.denies_at,
           answers.denies_id, answers.blocked_at, answers.blocked_id,
           COALESCE(shown.lists, 0) AS shown_on, counts.after_at,
           (((((scales.place << 5
               | width_bucket(account.declared_at - interval '1 microsecond', scales.matched)) << 5
              | CASE WHEN account.has_id THEN COALESCE(
                    width_bucket(account.platform_id_since, scales.matched), 0) ELSE 31 END) << 5
             | COALESCE(width_bucket(account.named_so_until, scales.taken), 0)) << 5
             | COALESCE(width_bucket(counts.after_at, scales.taken), 31)) << 5
            | COALESCE(width_bucket(answers.follows_at, scales.taken), 0)) << 20
           | COALESCE(shown.lists, 0) AS kind
    FROM live AS account
    CROSS JOIN scales
    LEFT JOIN shown
      ON shown.official_account_id = scales.official_account_id AND shown.account_id = account.id
    LEFT JOIN answers
      ON answers.official_account_id = scales.official_account_id
     AND answers.account_id = account.id
    LEFT JOIN cleared
      ON cleared.official_account_id = scales.official_account_id
     AND cleared.employee_id = account.employee_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN account.counts_from IS NOT NULL
                    THEN GREATEST(account.counts_from, cleared.cleared_at) END AS after_at
    ) AS counts
)"""

# One account of each kind is laid beside every list, instead of all of them. While nothing has
# spoken against it, each list that showed an account proves what the latest one does: those are
# `steady`, up to half the age at which evidence counts no more, so that it is renewed in time.
LISTED = f"""
kinds AS MATERIALIZED (
    SELECT kind, place, shown_on, min(declared_at) AS declared_at,
           CASE WHEN bool_and(has_id) THEN 'known' END AS platform_id,
           min(platform_id_since) AS platform_id_since,
           min(after_at) AS after_at, min(named_so_until) AS named_so_until,
           min(follows_at) AS follows_at
    FROM held GROUP BY kind, place, shown_on
), looks AS MATERIALIZED (
    SELECT account.kind, account.after_at, account.follows_at,
           list.id, list.taken_at, list.number, list.complete, look.present,
           list.complete AND list.taken_at > account.after_at AS since,
           list.of_ids OR list.taken_at <= account.named_so_until AS named_so
    FROM kinds AS account
    JOIN lists AS list ON list.place = account.place
    CROSS JOIN LATERAL (
        SELECT account.shown_on & (1 << list.number - 1) <> 0 AS present) AS look
    WHERE account.declared_at <= list.matched_at
      AND (look.present OR {could_hold(matched_at="list.matched_at", of_ids="list.of_ids")})
), present AS (
    SELECT DISTINCT ON (kind) kind, id, taken_at
    FROM looks WHERE looks.present ORDER BY kind, number DESC
), absent AS MATERIALIZED (
    SELECT looks.*
    FROM looks LEFT JOIN present ON present.kind = looks.kind
    WHERE NOT looks.present
      AND COALESCE(looks.taken_at > GREATEST(present.taken_at, looks.follows_at), true)
), latest AS MATERIALIZED (
    SELECT DISTINCT ON (kind) kind, id, taken_at
    FROM absent WHERE since AND named_so ORDER BY kind, number DESC
), earlier AS (
    SELECT DISTINCT ON (absent.kind) absent.kind, absent.id
    FROM absent JOIN latest ON latest.kind = absent.kind
    WHERE absent.since AND absent.named_so
      AND latest.taken_at - absent.taken_at >= :lists_apart
    ORDER BY absent.kind, absent.number DESC
), missed AS (
    SELECT kind, bool_or(complete) AS by_complete,
           bool_or(since AND NOT named_so) AS by_old_name
    FROM absent GROUP BY kind
), broken AS (
    SELECT kind, max(number) AS number FROM looks WHERE NOT present GROUP BY kind
), steadily AS MATERIALIZED (
    SELECT looks.kind, looks.id, looks.taken_at
    FROM looks LEFT JOIN broken ON broken.kind = looks.kind
    WHERE looks.present AND looks.number > COALESCE(broken.number, 0)
      AND looks.taken_at >= :renewed_after
), kept AS (
    INSERT INTO steady (run, list_id) SELECT kind, id FROM steadily
), runs AS (
    SELECT kind, min(taken_at) AS since FROM steadily GROUP BY kind
), listed AS MATERIALIZED (
    SELECT kinds.kind, present.id AS present_id, present.taken_at AS present_at,
           latest.id AS latest_id, latest.taken_at AS latest_at, earlier.id AS earlier_id,
           missed.by_complete, missed.by_old_name, runs.since AS steady_since
    FROM kinds
    LEFT JOIN present ON present.kind = kinds.kind
    LEFT JOIN latest ON latest.kind = kinds.kind
    LEFT JOIN earlier ON earlier.kind = kinds.kind
    LEFT JOIN missed ON missed.kind = kinds.kind
    LEFT JOIN runs ON runs.kind = kinds.kind
)"""  # noqa: S608 - Only a constant of another module is put into the statement.

# Lists and answers side by side: presence is the later of the two, and what was answered before it
# counts no more (`_since`). The id breaks ties.
SIGHTS = """
sights AS (
    SELECT held.official_account_id, held.employee_id, held.id, held.state, held.cleared_at,
           held.one_of_several, held.by_employee, held.follows_id, held.denies_id,
           presence.by_list, presence.at,
           listed.present_id, listed.latest_id, listed.latest_at, listed.earlier_id,
           listed.by_complete, listed.by_old_name, denial.since AS denied,
           CASE WHEN COALESCE(GREATEST(held.denies_at, held.blocked_at) < listed.steady_since, true)
                THEN listed.kind END AS run,
           COALESCE(denial.since AND held.denies_at > held.after_at AND (
               listed.earlier_id IS NULL
               OR (held.denies_at, held.denies_id) > (listed.latest_at, listed.latest_id)
           ), false) AS by_denial,
           CASE WHEN denial.since AND held.denies_at > held.after_at
                THEN GREATEST(held.denies_at,
                              CASE WHEN listed.earlier_id IS NOT NULL THEN listed.latest_at END)
                WHEN listed.earlier_id IS NOT NULL THEN listed.latest_at END AS absence_at,
           COALESCE(held.blocked_at > presence.at, held.blocked_at IS NOT NULL) AND (
               held.denies_at IS NULL
               OR (held.blocked_at, held.blocked_id) > (held.denies_at, held.denies_id)
           ) AS is_blocked,
           held.declared_at, COALESCE(held.denies_at, held.blocked_at) IS NOT NULL AS asked
    FROM held
    JOIN listed ON listed.kind = held.kind
    CROSS JOIN LATERAL (
        SELECT GREATEST(listed.present_at, held.follows_at) AS at,
               listed.present_at IS NOT NULL AND COALESCE(
                   (listed.present_at, listed.present_id) > (held.follows_at, held.follows_id),
                   true) AS by_list
    ) AS presence
    CROSS JOIN LATERAL (
        SELECT COALESCE(held.denies_at > presence.at, held.denies_at IS NOT NULL) AS since
    ) AS denial
)"""

# The order of `_weigh`: fresh presence, a block, fresh proof of absence, a handle that nobody has
# confirmed lately, one fresh absence, then what has grown old. Whether an answer told nothing is
# asked only where nothing else is known. `rests_on` is the sight that a finding shows as its
# evidence.
WEIGHED = """
weighed AS MATERIALIZED (
    SELECT sights.*, CASE
        WHEN state = 'contested' THEN 'account_contested'
        WHEN absence_at IS NULL AND at >= :oldest_fresh THEN CASE
            WHEN by_list THEN 'seen_in_list'
            WHEN by_employee THEN 'shown_by_employee' ELSE 'pair_positive' END
        WHEN NOT CAST(:can_tell AS boolean) THEN 'platform_cannot_tell'
        WHEN is_blocked THEN 'blocked'
        WHEN absence_at >= :oldest_fresh THEN CASE
            WHEN by_denial THEN 'pair_negative' ELSE 'absent_from_two_complete_lists' END
        WHEN by_old_name THEN 'account_unverified'
        WHEN latest_at >= :oldest_fresh THEN 'awaiting_second_list'
        WHEN COALESCE(absence_at, latest_at, at) IS NOT NULL THEN 'stale'
        WHEN by_complete OR denied THEN CASE
            WHEN cleared_at IS NULL THEN 'account_unverified' ELSE 'dispute_upheld' END
        WHEN by_complete IS NOT NULL THEN 'list_partial'
        WHEN asked OR EXISTS (
            SELECT 1 FROM pair_answers AS told
            WHERE told.tenant_id = :tenant_id
              AND told.official_account_id = sights.official_account_id
              AND told.account_id = sights.id AND told.answer = 'not_told'
              AND told.asked_at >= sights.declared_at AND told.asked_at <= :at
        ) THEN 'platform_cannot_tell'
        ELSE 'never_checked' END AS reason
    FROM sights
), found AS NOT MATERIALIZED (
    SELECT weighed.*, CASE
        WHEN reason IN ('seen_in_list', 'shown_by_employee', 'pair_positive') THEN 'presence'
        WHEN reason = 'awaiting_second_list' THEN 'one'
        WHEN reason NOT IN ('pair_negative', 'absent_from_two_complete_lists', 'stale') THEN 'none'
        WHEN by_denial THEN 'denial'
        WHEN absence_at IS NOT NULL THEN 'two'
        WHEN latest_at IS NOT NULL THEN 'one'
        ELSE 'presence' END AS rests_on,
        CASE WHEN reason IN ('seen_in_list', 'shown_by_employee', 'pair_positive') THEN 'met'
             WHEN reason IN ('pair_negative', 'absent_from_two_complete_lists') THEN 'unmet'
             ELSE 'unknown' END AS verdict
    FROM weighed
)"""

# `best_of`: one account that follows is enough; `unmet` needs every one of them to be. Nearly all
# have one account only, and need no sorting.
BEST = """
best AS (
    SELECT found.* FROM found WHERE NOT one_of_several
    UNION ALL
    (SELECT DISTINCT ON (employee_id, official_account_id) found.*
     FROM found WHERE one_of_several
     ORDER BY employee_id, official_account_id,
              array_position(ARRAY['met', 'unknown', 'unmet'], verdict),
              array_position(CAST(:reasons AS text[]), reason), id)
)"""

JUDGE_FOLLOWS = text(f"""
WITH {SET_ASIDE}, {LISTS}, {LIVE}, {ANSWERS}, {HELD}, {LISTED}, {SIGHTS}, {WEIGHED}, {BEST}
INSERT INTO judged (employee_id, duty_id, duty_kind, official_account_id, account_id,
                    verdict, reason, basis, evidence_ids, excuse, run)
SELECT asked.employee_id, asked.duty_id, 'follow', best.official_account_id,
       best.id, {lifted("best", cleared="false")},
       CASE best.rests_on
           WHEN 'one' THEN 'follower_list' WHEN 'two' THEN 'complete_lists'
           WHEN 'denial' THEN 'pair_answer' WHEN 'none' THEN 'none'
           ELSE CASE WHEN best.by_list THEN 'follower_list'
                     WHEN best.by_employee THEN 'self_evidence' ELSE 'pair_answer' END END,
       CASE best.rests_on
           WHEN 'one' THEN ARRAY[best.latest_id]
           WHEN 'two' THEN ARRAY[best.earlier_id, best.latest_id]
           WHEN 'denial' THEN ARRAY[best.denies_id]
           WHEN 'none' THEN CAST('{{}}' AS uuid[])
           ELSE ARRAY[CASE WHEN best.by_list THEN best.present_id ELSE best.follows_id END] END,
       asked.excuse, CASE best.reason WHEN 'seen_in_list' THEN best.run END
FROM best
JOIN asked ON asked.employee_id = best.employee_id AND asked.duty_id = :duty_id
LEFT JOIN disputed
  ON disputed.employee_id = best.employee_id
 AND disputed.official_account_id = best.official_account_id
""")  # noqa: S608 - Only constants of the application are put into the statement.
