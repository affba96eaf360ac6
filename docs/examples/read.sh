#!/usr/bin/env bash
# Reading, correcting and being refused, with curl and jq. Needs SIMEDSOS_URL, SIMEDSOS_KEY and the id of a work unit:
#     docs/examples/read.sh 01a2…
set -euo pipefail

unit=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The key goes into a file that curl reads, since every user of a machine sees the arguments of a process.
(umask 077 && printf 'header = "Authorization: Bearer %s"\n' "$SIMEDSOS_KEY" >"$folder/key")
ask() { curl --silent --show-error --fail-with-body --max-time 60 --config "$folder/key" "$@"; }

# A list, page by page: `next` is the cursor of the following page, null at the end.
cursor=""
while :; do
    page=$(ask --get "$SIMEDSOS_URL/v1/employees" --data-urlencode "unit=$unit" --data limit=2 \
        ${cursor:+--data-urlencode "cursor=$cursor"})
    jq --raw-output '.items[] | "employee \(.id) \(.standing)"' <<<"$page"
    cursor=$(jq --raw-output '.next // empty' <<<"$page")
    [[ -n $cursor ]] || break
done

# An edit names the version that was read, so that nobody's change is lost.
ask --dump-header "$folder/headers" "$SIMEDSOS_URL/v1/work-units/$unit" >/dev/null
etag=$(sed -n 's/^[Ee][Tt]ag: *//p' "$folder/headers" | tr -d '\r')
ask --request PATCH "$SIMEDSOS_URL/v1/work-units/$unit" --header "If-Match: $etag" \
    --json '{"name": "Dinas Pendidikan dan Kebudayaan"}' | jq --raw-output '"unit \(.name)"'

# The same ETag a second time is refused: 412, as problem+json.
if ! ask --request PATCH "$SIMEDSOS_URL/v1/work-units/$unit" --header "If-Match: $etag" \
    --json '{"name": "Dinas"}' >"$folder/problem" 2>/dev/null; then
    jq --raw-output '"refused \(.status) \(.type | split("/") | last)"' "$folder/problem"
fi

# Anybody may ask, without a key.
curl --silent --show-error --fail-with-body --get "$SIMEDSOS_URL/v1/verify" \
    --data-urlencode "url=https://www.instagram.com/pemprovsumsel/" | jq --raw-output '"account \(.finding)"'
