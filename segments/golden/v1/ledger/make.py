"""Vectors of the ledger's formats, written from SPEC.md alone: no code of the store runs here.

Run it in its folder: it writes vectors.json and the proof files. They are frozen: a difference
after a change of the store's code is a fault of that code.
"""
import base64, hashlib, hmac, json, os, struct, urllib.parse
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

H = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
b64 = lambda data: base64.b64encode(data).decode()


def mth(entries):
    if not entries:
        return H()
    if len(entries) == 1:
        return H(b"\0", entries[0])
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return H(b"\1", mth(entries[:k]), mth(entries[k:]))


def audit_path(m, entries):
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return audit_path(m, entries[:k]) + [mth(entries[k:])]
    return audit_path(m - k, entries[k:]) + [mth(entries[:k])]


def prefix_key(bucket, prefix):
    return bucket.encode() + b"\0" + prefix.encode().replace(b"\0", b"\0\xff")


def map_key(bucket, key, version):
    return prefix_key(bucket, key) + b"\0\1" + struct.pack(">Q", 2**64 - 1 - version)


def bits_of(data):
    return "".join(f"{byte:08b}" for byte in data)


def split(leaves):
    """The first bit in which the keys differ, and the two sides."""
    keys = [bits_of(key) for key, _ in leaves]
    bit = 0
    while len({key[bit] for key in keys}) == 1:
        bit += 1
    left = [leaf for leaf, key in zip(leaves, keys) if key[bit] == "0"]
    right = [leaf for leaf, key in zip(leaves, keys) if key[bit] == "1"]
    return bit, left, right


def map_root(leaves):
    if not leaves:
        return H()
    if len(leaves) == 1:
        key, record_hash = leaves[0]
        return H(b"\0", struct.pack(">I", len(key)), key, record_hash)
    bit, left, right = split(leaves)
    shared = bits_of(leaves[0][0])[:bit]
    shared += "0" * (-len(shared) % 8)
    prefix = bytes(int(shared[at : at + 8], 2) for at in range(0, len(shared), 8))
    return H(b"\1", struct.pack(">H", bit), prefix, map_root(left), map_root(right))


def map_path(leaves, target, bit_max=10**9):
    """(bit, sibling) from the root towards target, zeros behind its end."""
    path = []
    wanted = bits_of(target)
    while len(leaves) > 1:
        bit, left, right = split(leaves)
        if bit >= bit_max:
            break
        goes_right = bit < len(wanted) and wanted[bit] == "1"
        leaves, other = (right, left) if goes_right else (left, right)
        path.append((bit, map_root(other)))
    return path, leaves


def name(bucket, key):
    return bucket + "/" + urllib.parse.quote(key, safe="-_.!~*'()/")


def headers_hash(salt, headers):
    lp = lambda text: struct.pack(">I", len(text.encode())) + text.encode()
    return H(salt, *sorted(lp(n) + lp(v) for n, v in headers))


def record(kind, size, content, headers, time, expires, before, salt):
    return (
        f"object/v1\nkind {kind}\nsize {size}\n{content}\nchunks none\nheaders {b64(headers)}\n"
        f"time {time}\nexpires {expires}\nstate none\nbefore {before}\nsalt {b64(salt)}\n"
    )


class Key:
    def __init__(self, seed, name, kind):
        self.secret = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.name, self.kind = name, kind
        self.id = H(name.encode(), b"\n", bytes([kind]), self.public)[:4]

    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def line(self, text, time):
        if self.kind == 4:
            message = f"cosignature/v1\ntime {time}\n{text}"
            body = struct.pack(">Q", time) + self.secret.sign(message.encode())
        else:
            body = self.secret.sign(text.encode())
        return f"\u2014 {self.name} {b64(self.id + body)}\n"


ORIGIN = "store.example/ledger"
log_key = Key(bytes(range(32)), ORIGIN, 1)
witness_key = Key(bytes(range(32, 64)), "witness.example/w1", 4)
KEYS = f"keys/v1\norigin {ORIGIN}\nkey {log_key.vkey()} 0 none good\n"

# What happened: (time, first version, mutations). The map follows as SPEC.md says.
salt_of = lambda version: H(b"salt", struct.pack(">Q", version))[:16]
leaves, changes_of_blocks, blocks, records = {}, [], [], {}


def put(version, time, bucket, key, content, size, headers, expires="none", removed=()):
    before = "none"
    prefix = prefix_key(bucket, key) + b"\0\1"
    newest = min((k for k in leaves if k.startswith(prefix)), default=None)
    if newest is not None:
        before = b64(map_root([(newest, leaves[newest])]))
    salt = salt_of(version)
    text = record("object", size, content, headers_hash(salt, headers), time, expires, before, salt)
    lines = ""
    for old in removed:
        lines += f"removed {old} {b64(leaves.pop(map_key(bucket, key, old)))}\n"
    leaves[map_key(bucket, key, version)] = H(text.encode())
    records[(bucket, key, version)] = text
    added = f"added {version} {b64(H(text.encode()))}\n"
    return f"change/v1\nversion {version}\ntime {time}\nobject {name(bucket, key)}\n{lines}{added}"


def create_bucket(version, time, bucket, owner):
    zeros = bytes(16)
    headers = headers_hash(zeros, [("flags", "0"), ("owner", owner)])
    text = record("bucket", 0, f"sha256 {b64(H())}", headers, time, "none", "none", zeros)
    leaves[map_key("", bucket, version)] = H(text.encode())
    records[("", bucket, version)] = text
    added = f"added {version} {b64(H(text.encode()))}\n"
    return f"change/v1\nversion {version}\ntime {time}\nobject {name('', bucket)}\n{added}"


def delete(version, time, bucket, key, old):
    record_hash = leaves.pop(map_key(bucket, key, old))
    return (
        f"change/v1\nversion {version}\ntime {time}\nobject {name(bucket, key)}\n"
        f"removed {old} {b64(record_hash)}\n"
    )


def seal(time, first, end, changes):
    height = len(blocks)
    prev = b64(H(b"\0", blocks[-1].encode())) if blocks else "none"
    blocks.append(
        f"ledger-block/v1\norigin {ORIGIN}\nheight {height}\nprev {prev}\ntime {time}\n"
        f"versions {first} {end}\nmap {len(leaves)} {b64(map_root(sorted(leaves.items())))}\n"
        f"delta {len(changes)} {b64(mth([c.encode() for c in changes]))}\n"
        f"keys {b64(H(KEYS.encode()))}\n"
    )
    changes_of_blocks.append(changes)


sha = lambda text: f"sha256 {b64(H(text.encode()))}"
T = 1_700_000_000_000
seal(T, 1, 1, [])
seal(T + 10_000, 1, 12, [
    create_bucket(1, T + 1000, "photos", "alice"),
    create_bucket(2, T + 1001, "photos-old", "b\u00f6b"),
    put(3, T + 1002, "photos", "cat.jpg", sha("meow"), 4, [("content-type", "image/jpeg")]),
    put(4, T + 1003, "photos", "2024/a b.txt", sha("a"), 1, [("x-amz-meta-k", "v")]),
    put(5, T + 1004, "photos", "2024/\u00fc\0x", sha("u"), 1, []),
    put(6, T + 1005, "photos", "2024/", sha(""), 0, []),
    put(7, T + 1006, "photos-old", "cat.jpg", sha("old"), 3, [], expires=T + 15_000),
    put(8, T + 1007, "photos", "dog.jpg", sha("wuff"), 4, []),
    put(9, T + 1008, "photos", "dog.jpg", sha("wau"), 3, [], removed=[8]),
])
parts = [(5 * 2**20, H(b"one")), (7, H(b"two"))]
parts_root = mth([struct.pack(">Q", size) + digest for size, digest in parts])
seal(T + 20_000, 12, 15, [
    delete(12, T + 11_000, "photos", "cat.jpg", 3),
    put(13, T + 11_001, "photos", "big", f"parts 2 {b64(parts_root)}", 5 * 2**20 + 7, []),
    put(14, T + 11_002, "photos", "cat.jpg", sha("back"), 4, []),
])
seal(T + 3_620_000, 15, 15, [])
seal(T + 3_630_000, 15, 16, [put(15, T + 3_621_000, "photos", "e", sha("e"), 1, [])])


def note(size, root, signers, time):
    text = f"{ORIGIN}\n{size}\n{b64(root)}\n"
    return text + "\n" + "".join(sorted(key.line(text, time) for key in signers))


entries = [block.encode() for block in blocks]
checkpoint = note(len(blocks), mth(entries), [log_key, witness_key], 1_700_003_640)


def tlog_proof(height):
    path = "".join(b64(h) + "\n" for h in audit_path(height, entries))
    return f"c2sp.org/tlog-proof@v1\nindex {height}\n{path}\n{checkpoint}"


HEIGHT = len(blocks) - 1
everything = sorted(leaves.items())
def with_sum(head):
    return head + f"sum {b64(H(head.encode()))}\n"


steps = lambda path: "".join(f"path {bit} {b64(sibling)}\n" for bit, sibling in path)


def leaf_line(key, record_hash):
    bucket, rest = key.split(b"\0", 1)
    version = 2**64 - 1 - struct.unpack(">Q", key[-8:])[0]
    plain = rest[:-10].replace(b"\0\xff", b"\0")
    return f"leaf {version} {name(bucket.decode(), plain.decode())} {b64(record_hash)}\n"


def of_version(claim, bucket, key, version):
    path, _ = map_path(everything, map_key(bucket, key, version))
    head = f"object-proof/v1\nclaim {claim}\nobject {name(bucket, key)}\nversion {version}\n"
    return "\n".join([with_sum(head + steps(path)), records[(bucket, key, version)], blocks[HEIGHT], tlog_proof(HEIGHT)])


def of_nothing(claim, bucket, key):
    prefix = prefix_key(bucket, key) + (b"\0\1" if claim == "absent" else b"")
    path, (neighbour,) = map_path(everything, prefix)
    head = f"object-proof/v1\nclaim {claim}\nobject {name(bucket, key)}\n{leaf_line(*neighbour)}"
    return "\n".join([with_sum(head + steps(path)), blocks[HEIGHT], tlog_proof(HEIGHT)])


def of_listing(bucket, prefix):
    wanted = prefix_key(bucket, prefix)
    path, below = map_path(everything, wanted, 8 * len(wanted))
    head = f"object-proof/v1\nclaim listing\nobject {name(bucket, prefix)}\n"
    lines = "".join(leaf_line(*leaf) for leaf in sorted(below))
    return "\n".join([with_sum(head + lines + steps(path)), blocks[HEIGHT], tlog_proof(HEIGHT)])


def of_change(height, place):
    texts = [change.encode() for change in changes_of_blocks[height]]
    hashes = "".join(f"hash {b64(h)}\n" for h in audit_path(place, texts))
    head = f"object-proof/v1\nclaim written\nplace {place}\n{hashes}"
    return "\n".join([with_sum(head), texts[place].decode(), blocks[height], tlog_proof(height)])


proofs = {
    "version": of_version("version", "photos", "dog.jpg", 9),
    "current": of_version("current", "photos", "cat.jpg", 14),
    "current-parts": of_version("current", "photos", "big", 13),
    "current-bucket": of_version("current", "", "photos-old", 2),
    "version-expired": of_version("version", "photos-old", "cat.jpg", 7),
    "absent": of_nothing("absent", "photos", "2024/a"),
    "absent-bucket": of_nothing("absent", "", "music"),
    "empty": of_nothing("empty", "photos", "2023/"),
    "listing": of_listing("photos", "2024/"),
    "listing-bucket": of_listing("photos", ""),
    "written": of_change(1, 8),
    "written-delete": of_change(2, 0),
}
for claim, text in proofs.items():
    with open(f"{claim}.proof", "w", newline="") as file:
        file.write(text)
with open("keys.proof", "w", newline="") as file:
    file.write("\n".join([KEYS, blocks[HEIGHT], tlog_proof(HEIGHT)]))
with open("vectors.json", "w") as file:
    json.dump({
        "origin": ORIGIN,
        "logSeed": bytes(range(32)).hex(),
        "witnessSeed": bytes(range(32, 64)).hex(),
        "witness": witness_key.vkey(),
        "log": log_key.vkey(),
        "keys": KEYS,
        "cosignedAt": 1_700_003_640,
        "blocks": blocks,
        "changes": changes_of_blocks,
        "checkpoint": checkpoint,
        "map": [[key.hex(), record_hash.hex()] for key, record_hash in everything],
        "mapRoot": map_root(everything).hex(),
        "records": [[bucket, key, version, text] for (bucket, key, version), text in records.items()],
        "keyed": hmac.new(b"secret", prefix_key("photos", "a") + b"\0\1", "sha256").hexdigest(),
    }, file, indent=1, ensure_ascii=True)
    file.write("\n")
