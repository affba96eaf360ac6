"""What every operation tells of people, reviewed by hand: a new one fails until it stands here.

Who adds an operation adds one line: to READS or EXPORTS, if its answer tells of people, with
`reading: ReadingDep` (or `exporting: ExportingDep`) among the route's parameters and
`reading.of(employee_ids)` in it; else to TELLS_OF_NOBODY.
"""

READS = frozenset({
    "GET /v1/accounts",
    "GET /v1/accounts/{account_id}",
    "PATCH /v1/accounts/{account_id}",
    "GET /v1/accounts/{account_id}/checks",
    "GET /v1/accounts/{account_id}/evidence",
    "GET /v1/accounts/{account_id}/connection",
    "POST /v1/accounts/{account_id}/verification",
    "GET /v1/audit",
    "GET /v1/campaigns/{campaign_id}/employees",
    "GET /v1/campaigns/{campaign_id}/extensions",
    "POST /v1/campaigns/{campaign_id}/extensions",
    "GET /v1/campaigns/{campaign_id}/members",
    "GET /v1/campaigns/{campaign_id}/missing-declarations",
    "GET /v1/campaigns/{campaign_id}/reminders/history",
    "GET /v1/disputes",
    "POST /v1/disputes",
    "GET /v1/disputes/{dispute_id}",
    "POST /v1/disputes/{dispute_id}/decision",
    "GET /v1/employees",
    "POST /v1/employees",
    "POST /v1/employees/lookup",
    "GET /v1/employees/{employee_id}",
    "PATCH /v1/employees/{employee_id}",
    "GET /v1/employees/{employee_id}/accounts",
    "POST /v1/employees/{employee_id}/accounts",
    "GET /v1/employees/{employee_id}/contact",
    "PUT /v1/employees/{employee_id}/contact",
    "GET /v1/employees/{employee_id}/reminders",
    "GET /v1/employees/{employee_id}/verdicts",
    "GET /v1/excuses",
    "POST /v1/excuses",
    "GET /v1/excuses/{excuse_id}",
    "POST /v1/excuses/{excuse_id}/withdrawal",
    "GET /v1/notices",
    "POST /v1/notices",
    "GET /v1/notices/text",
    "GET /v1/notices/{notice_id}",
    "POST /v1/notices/{notice_id}/extension",
    "POST /v1/notices/{notice_id}/finding",
    "GET /v1/official-accounts/{account_id}/controls",
    "PUT /v1/official-accounts/{account_id}/controls",
    "GET /v1/work-units/{unit_id}/head",
    "PUT /v1/work-units/{unit_id}/head",
})  # fmt: skip
EXPORTS = frozenset({
    "GET /v1/imports/{import_id}/errors.csv",
    "GET /v1/reports/{report_id}.json",
})  # fmt: skip
# Those that open their transactions themselves, and note their look in one of them by hand.
BY_HAND = frozenset({
    "POST /v1/accounts/{account_id}/evidence",
    "GET /v1/reports/{report_id}.pdf",
    "GET /v1/reports/{report_id}.xlsx",
})  # fmt: skip
# Numbers of many, units, campaigns, official accounts, the collector, or no answer at all.
TELLS_OF_NOBODY = frozenset({
    "DELETE /v1/accounts/{account_id}",
    "DELETE /v1/accounts/{account_id}/connection",
    "POST /v1/accounts/{account_id}/connection",
    "POST /v1/accounts/normalize",
    "GET /v1/api-keys",
    "POST /v1/api-keys",
    "POST /v1/api-keys/leaks",
    "GET /v1/api-keys/{key_id}",
    "POST /v1/api-keys/{key_id}/revocation",
    "POST /v1/api-keys/{key_id}/rotation",
    "GET /v1/campaigns",
    "POST /v1/campaigns",
    "GET /v1/campaigns/{campaign_id}",
    "PATCH /v1/campaigns/{campaign_id}",
    "GET /v1/campaigns/{campaign_id}/cohort",
    "POST /v1/campaigns/{campaign_id}/members",
    "GET /v1/campaigns/{campaign_id}/progress",
    "GET /v1/campaigns/{campaign_id}/recap",
    "GET /v1/campaigns/{campaign_id}/reminders",
    "PUT /v1/campaigns/{campaign_id}/reminders",
    "GET /v1/campaigns/{campaign_id}/reminders/preview",
    "GET /v1/connections/callback",
    "GET /v1/follower-lists/{list_id}",
    "GET /v1/imports",
    "POST /v1/imports",
    "GET /v1/imports/{import_id}",
    "POST /v1/imports/{import_id}/apply",
    "GET /v1/neutrality-windows",
    "POST /v1/neutrality-windows",
    "POST /v1/neutrality-windows/{window_id}/withdrawal",
    "GET /v1/official-accounts",
    "POST /v1/official-accounts",
    "GET /v1/official-accounts/{account_id}",
    "PATCH /v1/official-accounts/{account_id}",
    "DELETE /v1/official-accounts/{account_id}/connection",
    "GET /v1/official-accounts/{account_id}/connection",
    "POST /v1/official-accounts/{account_id}/connection",
    "PUT /v1/official-accounts/{account_id}/connection",
    "GET /v1/official-accounts/{account_id}/follower-lists",
    "POST /v1/official-accounts/{account_id}/follower-lists",
    "GET /v1/official-accounts/{account_id}/growth",
    "GET /v1/official-accounts/{account_id}/snapshots",
    "POST /v1/official-accounts/{account_id}/snapshots",
    "GET /v1/platforms",
    "GET /v1/polls",
    "GET /v1/reports",
    "POST /v1/reports",
    "GET /v1/reports/{report_id}",
    "GET /v1/work-units",
    "POST /v1/work-units",
    "GET /v1/work-units/tree",
    "GET /v1/work-units/{unit_id}",
    "PATCH /v1/work-units/{unit_id}",
    "GET /livez",
    "GET /metrics",
    "GET /readyz",
})  # fmt: skip
# Fields by which an answer tells of a person, and schemas whose field of that name does not.
PERSONAL_FIELDS = frozenset({
    "account_id", "employee_id", "employee_ids", "handle", "joined_on", "nip", "nip_masked",
    "attested_on", "attestation_due_at", "text",
})  # fmt: skip
IMPERSONAL_SCHEMAS = frozenset({
    "NormalizedOut",  # What the caller has pasted, recognised; nobody is looked up.
    "OfficialAccountOut",  # The government's own handle.
})  # fmt: skip
# Files and pages that are no JSON, and tell of nobody.
IMPERSONAL_FILES = frozenset({
    "GET /livez", "GET /metrics", "GET /readyz", "GET /v1/connections/callback",
})  # fmt: skip
