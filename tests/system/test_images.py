"""images as its users see it, through the gateway: uploads judged by content, served with conditions and ranges."""

import io
import json
import os
import struct
import time
import zlib
from types import SimpleNamespace

import loglines
import pytest
from companies import join, refresh
from integration import claims, exchange, make_key
from pictures import jpeg_of_scans, picture, png_header, png_of_zeros
from PIL import Image
from stack import Stack
from waiting import wait_until

pytestmark = pytest.mark.asan


@pytest.fixture
def user(stack):
    return stack.user()


def upload(stack, user, data, content_type="image/png", **options):
    from rpc import session

    headers = {"Content-Type": content_type} | ({"Authorization": f"Bearer {user.token}"} if user else {})
    return session().post(f"{stack.gateway.base}/images", data=data, headers=headers, timeout=60, **options)


@pytest.mark.parametrize(
    ("kind", "type_"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")]
)
def test_uploads_are_known_by_their_content(stack, user, kind, type_):
    data = picture(kind)
    response = upload(stack, user, data, "application/octet-stream")
    image = response.json()
    assert response.status_code == 201, image
    assert (image["type"], image["width"], image["height"], image["bytes"]) == (type_, 300, 200, len(data))
    served = stack.gateway.get(image["url"])
    assert served.status_code == 200 and served.content == data and served.headers["Content-Type"] == type_
    assert served.headers["X-Content-Type-Options"] == "nosniff" and "immutable" in served.headers["Cache-Control"]
    assert user.rpc("images.image.get", {"id": image["id"]}) == image
    nobody = "01932b5c-7a10-7000-8000-000000000001"
    assert user.rpc("images.image.list", {"ids": [nobody, image["id"]]})["items"] == [image]


def test_whose_an_image_is_is_told_to_few(stack, user):
    """Its owner, moderators and daemons: to others it would say who writes for a company."""
    image = upload(stack, user, picture()).json()
    get = lambda token: stack.rpc("images.image.get", {"id": image["id"]}, token)
    listed = lambda token: stack.rpc("images.image.list", {"ids": [image["id"]]}, token)["items"][0]
    assert image["owner_id"] == user.id
    for token in (user.token, stack.admin().token):
        assert get(token) == listed(token) == image
    for token in (None, stack.user().token):
        assert get(token) == listed(token) == image | {"owner_id": None}
    service = stack.service_token()
    assert stack["images"].rpc("images.image.get", {"id": image["id"]}, service) == image


def test_multipart_uploads(stack, user):
    data = picture()
    boundary = "----x"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--{boundary}\r\n'
        f'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    ).encode() + data + f"\r\n--{boundary}--\r\n".encode()  # fmt: skip
    response = upload(stack, user, body, f"multipart/form-data; boundary={boundary}")
    assert response.status_code == 201 and response.json()["bytes"] == len(data)
    assert upload(stack, user, body, "multipart/form-data; boundary=other").status_code == 400
    assert upload(stack, user, body, "multipart/form-data").status_code == 400
    assert (
        upload(
            stack, user, body.replace(b'name="file"', b'name="elif"'), f"multipart/form-data; boundary={boundary}"
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"", 400, "empty"),
        (b"PK\x03\x04" + b"\0" * 100, 415, "type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 415, "type"),
        (b"GIF89a", 422, "damaged"),
        (picture("JPEG")[:400], 422, "damaged"),
        (picture("PNG")[:100], 422, "damaged"),
        (png_header(30000, 30000), 413, "pixels"),
        (b"\xff\xd8\xff" + b"\0" * 1000, 422, "damaged"),
    ],
)
def test_bad_images_are_refused(stack, user, data, status, reason):
    response = upload(stack, user, data)
    error = response.json()["error"]
    assert response.status_code == status, error
    assert error["data"]["reason"] == reason and response.headers["Content-Type"] == "application/json"


def moving(kind):
    """An animation of eight pictures."""
    frames = [Image.effect_noise((60, 40), 90).convert("RGB") for _ in range(8)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=50)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_that_is_cut_short_is_refused(stack, user, kind):
    """Wherever it is: the frames behind the first are no less of the picture."""
    data = moving(kind)
    for length in (len(data) // 2, len(data) * 9 // 10, len(data) - 1):
        response = upload(stack, user, data[:length])
        assert (response.status_code, response.json()["error"]["data"]["reason"]) == (422, "damaged"), length
    assert upload(stack, user, data).status_code == 201


def animation(frames):
    """A GIF of so many pictures of one pixel."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b"\x3b"


def with_segments(count):
    """A small JPEG with so many empty APP1 segments, which libjpeg hangs one behind the other."""
    data = picture("JPEG")
    return data[:2] + b"\xff\xe1\x00\x02" * count + data[2:]


def with_texts(count):
    """A small PNG with so many compressed texts."""
    data = picture("PNG")
    text = b"zTXt" + b"a\0\0" + zlib.compress(b"x" * 1000)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return data[:33] + chunk * count + data[33:]


@pytest.mark.parametrize(
    ("data", "reason", "value", "maximum"),
    [
        (lambda: jpeg_of_scans(800, 600, 65), "scans", 65, 64),
        (lambda: png_header(5, 9_900_000), "side", 9_900_000, 16384),
        (lambda: png_header(30000, 30000), "pixels", 900_000_000, 50_000_000),
        (lambda: png_header(7000, 7000, 16, 6, True), "memory", 392_000_000, 256 << 20),
        (lambda: animation(1001), "frames", 1001, 1000),
        (lambda: with_segments(60_000), "segments", None, 1000),
        (lambda: with_texts(9), "compressed", 9, 8),
    ],
)
def test_what_a_picture_asks_of_the_decoder_is_bounded(stack, user, data, reason, value, maximum):
    """By its head, before it is decoded; the answer names the rule and its values."""
    response = upload(stack, user, data())
    error = response.json()["error"]
    assert (response.status_code, error["data"]["code"], error["data"]["reason"]) == (413, "too_large", reason)
    assert error["data"]["value"] == (value or error["data"]["value"]) and error["data"]["maximum"] == maximum
    assert str(error["data"]["value"]) in error["message"] and str(maximum) in error["message"]


@pytest.mark.parametrize(
    "data",
    [
        lambda: jpeg_of_scans(800, 600, 64),
        lambda: png_of_zeros(5, 16384),
        lambda: png_of_zeros(300, 200, 16, 6, True),
        lambda: animation(1000),
        lambda: with_segments(900),
        lambda: with_texts(8),
        lambda: picture("PNG", (16384, 3)),
    ],
)
def test_what_is_within_the_bounds_is_taken(stack, user, data):
    response = upload(stack, user, data())
    assert response.status_code == 201, response.json()


@pytest.fixture(scope="module")
def small(cluster, templates):
    """A stack that takes little of each user, has little time, and sweeps often."""
    settings = {"max_user_images": 3, "max_day_images": 2, "sweep_interval": "1s", "request_deadline": "3s"}
    with Stack(cluster, {"images": settings}, templates, ("passport", "images", "gateway")) as running:
        yield running


def stored(stack):
    return {path.name for path in (stack.folder / "images").rglob("*") if path.is_file()}


def test_a_user_has_a_share_of_the_store(small):
    """So many images and bytes kept, and so many uploaded in a day; of what was refused nothing is left."""
    one, other = small.user(), small.user()
    before = stored(small)
    kept = [upload(small, one, picture(color=(color, 0, 0))).json()["sha256"] for color in (1, 2)]
    refused = upload(small, one, picture(color=(3, 0, 0)))
    data = refused.json()["error"]["data"]
    assert (refused.status_code, data["code"], data["reason"]) == (429, "rate_limited", "max_day_images")
    assert data["maximum"] == 2 and 0 < data["retry_after_ms"] <= 86_400_001 and "Retry-After" in refused.headers
    kept.append(upload(small, other, picture(color=(4, 0, 0))).json()["sha256"])
    with small.database("images") as database:
        database.execute("UPDATE image_usage SET day = day - 1")
    kept.append(upload(small, one, picture(color=(5, 0, 0))).json()["sha256"])
    refused = upload(small, one, picture(color=(6, 0, 0)))
    data = refused.json()["error"]["data"]
    assert (refused.status_code, data["code"]) == (409, "precondition_failed")
    assert (data["rule"], data["maximum"]) == ("max_user_images", 3)
    assert stored(small) == before | set(kept)


def test_keys_and_companies_are_no_further_shares(small):
    """What API keys upload counts for whoever made them, whichever company they are of."""
    first, owner = small.company()
    second = owner.rpc("passport.company.create", {"name": "Second"})["id"]
    refresh(small, owner)
    partner = join(small, owner, first, right="owner")
    made = [make_key(owner, company, "images.image.create") for company in (first, second)]
    made.append(make_key(partner, first, "images.image.create", name="Partner's"))
    keys = [SimpleNamespace(token=exchange(small, key["secret"])) for key in made]

    def outcome(uploader, color):
        response = upload(small, uploader, picture(color=(0, color, 0)))
        return "kept" if response.status_code == 201 else response.json()["error"]["data"]["reason"]

    assert [outcome(key, 1) for key in keys] == ["kept"] * 3
    assert [outcome(uploader, 2) for uploader in (keys[0], keys[1], owner)] == ["max_day_images"] * 3
    assert outcome(partner, 2) == "kept"
    assert [outcome(uploader, 3) for uploader in (partner, keys[2])] == ["max_day_images"] * 2
    with small.database("images") as database:
        counted = "SELECT owner_id::text, images, day_images FROM image_usage WHERE owner_id = ANY (%s::uuid[])"
        ids = [owner.id, partner.id, first, second, *(key["id"] for key in made)]
        assert sorted(database.execute(counted, (ids,))) == sorted([(owner.id, 2, 2), (partner.id, 2, 2)])


def test_a_key_of_unknown_making_counts_for_its_company(small):
    company, owner = small.company()
    key = make_key(owner, company, "images.image.create")
    with small.database("passport") as database:
        database.execute("UPDATE service_secret SET created_by = NULL WHERE account_id = %s", (key["id"],))
        database.execute("UPDATE service_account SET created_by = NULL WHERE id = %s", (key["id"],))
    token = exchange(small, key["secret"])
    assert "created_by" not in claims(token)
    assert upload(small, SimpleNamespace(token=token), picture()).status_code == 201
    with small.database("images") as database:
        counted = "SELECT owner_id::text FROM image_usage WHERE owner_id = ANY (%s::uuid[])"
        assert database.execute(counted, ([owner.id, company, key["id"]],)).fetchall() == [(company,)]


def test_files_without_an_image_are_swept(small):
    """What was put into the store and got no row, and what was never written or received to its end; but nothing young,
    which may be an upload under way, and nothing that is not ours."""
    kept = upload(small, small.user(), picture()).json()
    folder = small.folder / "images" / "ab"
    folder.mkdir(exist_ok=True)
    old, young = "ab" + "0" * 62, "ab" + "1" * 62
    planted = (old, young, old + ".Xy12zW", "ab-notes.txt")
    at_the_top = (".upload-Xy12zW", ".upload-notes.txt", ".upload-young1")
    for name in planted:
        (folder / name).write_bytes(b"x")
    for name in at_the_top:
        (small.folder / "images" / name).write_bytes(b"x")
    for path in (small.folder / "images").rglob("*"):
        if path.is_file() and path.name not in (young, ".upload-young1"):
            os.utime(path, (1, 1))
    left = {young, "ab-notes.txt", ".upload-notes.txt", ".upload-young1"}
    wait_until(lambda: stored(small) & {*planted, *at_the_top} == left, 30, "the sweep")
    assert small.gateway.get(kept["url"]).status_code == 200


def test_an_upload_that_fails_leaves_nothing(small):
    """Here the database holds it up until its time is over."""
    user = small.user()
    assert upload(small, user, picture()).status_code == 201
    before = stored(small)
    with small.database("images") as database, database.transaction():
        database.execute("SELECT FROM image_usage FOR UPDATE")
        late = upload(small, user, picture(color=(1, 1, 1)))
    assert late.status_code == 503 and late.json()["error"]["data"]["code"] == "deadline_exceeded", late.json()
    assert stored(small) == before
    assert upload(small, user, picture(color=(1, 1, 1))).status_code == 201


def test_pictures_beyond_the_bounds_are_listed(small):
    """Those that were taken before: they are served as ever."""
    large = upload(small, small.user(), picture(size=(301, 20))).json()
    images = small["images"]
    assert images.command("check").stdout == ""
    images.write_settings(max_side=300, max_pixels=6000)
    found = [json.loads(line) for line in images.command("check", check=False).stdout.splitlines()]
    row = {"id": large["id"], "width": 301, "height": 20}
    assert {"check": "max_side", "row": row} in found and {"check": "max_pixels", "row": row} in found
    images.restart()
    assert small.gateway.get(large["url"]).status_code == 200


def test_what_the_codecs_say_is_a_log_line(stack, user):
    """Damaged pictures make libvips warn, on an output that is for log lines alone (every line of it is checked)."""
    assert upload(stack, user, picture("JPEG")[:-400]).status_code == 422
    said = loglines.events(stack["images"].log_text(), "a library says something")
    assert said and {event["library"] for event in said} == {"VIPS"} and all(event["text"] for event in said)


def test_a_picture_writes_no_more_log_than_a_line_a_second(stack, user):
    said = lambda: loglines.events(stack["images"].log_text(), "a library says something")
    data, before, started = picture("PNG"), len(said()), time.monotonic()
    chunk = b"eXIfII*\0\x08" + bytes(9)
    repeated = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))) * 900
    assert upload(stack, user, data[:33] + repeated + data[33:]).status_code == 201
    assert len(said()) - before <= 2 + time.monotonic() - started


def test_uploads_need_a_user_and_have_a_limit(stack, user):
    assert upload(stack, None, picture()).status_code == 401
    response = upload(stack, user, b"\x89PNG\r\n\x1a\n" + b"\0" * (21 << 20))
    assert response.status_code == 413 and response.json()["error"]["data"]["code"] == "too_large"


def test_integrations_upload_within_their_scope(stack):
    company, owner = stack.company()
    for scope, status in (("images.image.create", 201), ("events.listing.*", 403)):
        key = make_key(owner, company, scope, name=scope)["secret"]
        assert upload(stack, SimpleNamespace(token=exchange(stack, key)), picture()).status_code == status
    assert upload(stack, SimpleNamespace(token=stack.service_token()), picture()).status_code == 403


def test_conditions_and_ranges(stack, user):
    data = picture("JPEG", (800, 600))
    image = upload(stack, user, data).json()
    get = lambda **headers: stack.gateway.get(
        image["url"], headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    tag = get().headers["ETag"]
    assert tag == f'"{image["sha256"]}"'
    assert get(If_None_Match=tag).status_code == 304 and get(If_None_Match=tag).content == b""
    assert get(If_None_Match='"other"').status_code == 200
    part = get(Range="bytes=10-19")
    assert (part.status_code, part.content, part.headers["Content-Range"]) == (
        206,
        data[10:20],
        f"bytes 10-19/{len(data)}",
    )
    assert get(Range="bytes=-5").content == data[-5:]
    past = get(Range=f"bytes={len(data)}-")
    assert past.status_code == 416 and past.headers["Content-Range"] == f"bytes */{len(data)}"
    assert get(Range="bytes=0-1", If_Range='"old"').status_code == 200


def test_the_same_bytes_are_stored_once(stack, user):
    data = picture(color=(1, 2, 3))
    first, second = (upload(stack, user, data).json() for _ in range(2))
    assert first["sha256"] == second["sha256"] and first["id"] != second["id"]
    files = [path for path in (stack.folder / "images").rglob("*") if path.is_file() and path.name == first["sha256"]]
    assert len(files) == 1


def test_unknown_images(stack):
    for path in (
        "/images/01932b5c-7a10-7000-8000-000000000001",
        "/images/x",
        "/images/..%2f..%2fetc%2fpasswd",
        "/images/",
    ):
        response = stack.gateway.get(path)
        assert response.status_code == 404, path
        assert json.loads(response.content)["error"]["code"] == -32004


def test_who_cannot_be_served_is_told_when_to_come_again(make_stack):
    """While images is away, in the answer and as HTTP says it."""
    stack = make_stack(names=("passport", "images", "gateway"))
    path = f"/images/{'0' * 8}-0000-7000-8000-{'0' * 12}"
    stack["images"].pause()
    late = stack.gateway.get(path, headers={"X-Deadline-Ms": "400"})
    assert (late.status_code, late.json()["error"]["data"]["code"]) == (504, "deadline_exceeded")
    stack["images"].kill()
    away = stack.gateway.get(path)
    data = away.json()["error"]["data"]
    assert (away.status_code, data["code"], data["retry_after_ms"]) == (503, "unavailable", 1000)
    assert away.headers["Retry-After"] == "1"


def test_listings_take_images_that_exist(stack, user):
    company, owner = stack.company()
    image = upload(stack, owner, picture()).json()
    listing = stack.listing(company, owner, images=[image["id"]])
    assert listing["images"] == [image["id"]]
