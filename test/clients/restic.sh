# restic: init, backup, check, restore, forget and prune.
set -euo pipefail
export RESTIC_PASSWORD=of-a-test RESTIC_CACHE_DIR="$PWD/cache"
export RESTIC_REPOSITORY="s3:$AWS_ENDPOINT_URL/by-restic"
restic init
restic backup large.bin tree
echo more > tree/more.txt && restic backup large.bin tree
restic check --read-data
restic restore latest --target restored
cmp large.bin restored/large.bin && diff -r tree restored/tree
restic forget --keep-last 1 --prune
restic check
