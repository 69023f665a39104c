#!/bin/sh
# Makes the passwords and keys that docker-compose.yml hands out as files, each once: what is there stays as it is.
#
#   sh deploy/secrets.sh          into deploy/secrets; put the key set of the tokens' issuer beside it, as keys.json
#   sh deploy/secrets.sh --demo   with an issuer of its own for the demo's tokens, in deploy/secrets/demo
#
# Needs openssl. Only who may enter the folder can read what is in it; within a container every user can, because Docker
# mounts the file as it is and the processes there have other numbers.
set -eu
demo=no
case "${1:-}" in
    "") ;;
    --demo) demo=yes ;;
    *) echo "secrets.sh [--demo]" >&2; exit 2 ;;
esac
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
cd secrets

# once NAME: writes what stands on the input, unless the file is there.
once() {
    if [ -e "$1" ]; then cat > /dev/null; else cat > "$1.new"; chmod 644 "$1.new"; mv "$1.new" "$1"; fi
}
word() { openssl rand -hex 24; }

openssl rand -base64 32 | once pseudonym_key
word | once grafana_password
word | once role_password_civilian
word | once redis_password
printf 'redis://:%s@redis:6379/0\n' "$(cat redis_password)" | once redis_url
printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy volatile-lru\n' \
    "$(cat redis_password)" | once redis_conf
for source in population household insurance employer; do
    word | once "owner_$source"
    printf 'postgresql://owner:%s@%s:5432/%s\n' "$(cat "owner_$source")" "$source" "$source" | once "owner_dsn_$source"
    printf 'postgresql://hub_civilian:%s@%s:5432/%s\n' "$(cat role_password_civilian)" "$source" "$source" \
        | once "dsn_${source}_civilian"
done

if [ "$demo" = yes ]; then
    # The container that fills the registers writes here who the sample viewers are.
    mkdir -p demo
    chmod 777 demo
    cd demo
    if [ ! -e keys.json ]; then
        openssl genpkey -algorithm ed25519 -out signing-key.pem
        chmod 644 signing-key.pem
        # The last 32 bytes of the encoded public key are the key itself (RFC 8410).
        x=$(openssl pkey -in signing-key.pem -pubout -outform DER | tail -c 32 | openssl base64 -A | tr '+/' '-_' | tr -d '=')
        printf '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "demo", "alg": "EdDSA", "use": "sig", "x": "%s"}]}\n' "$x" \
            | once keys.json
    fi
elif [ ! -e keys.json ]; then
    echo "still missing: deploy/secrets/keys.json, the key set (JWKS) of the tokens' issuer" >&2
fi
