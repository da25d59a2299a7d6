"""images as its users see it, through the gateway: uploads judged by content, served with conditions and ranges."""

import io
import json
import struct
import zlib
from types import SimpleNamespace

import loglines
import pytest
from integration import exchange, make_key
from PIL import Image

pytestmark = pytest.mark.asan


def picture(kind="PNG", size=(300, 200), color=(30, 90, 200)):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


def png_header(width, height):
    """A PNG that says it is that large and is not."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


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
    assert stack.rpc("images.image.get", {"id": image["id"]}) == image
    nobody = "01932b5c-7a10-7000-8000-000000000001"
    assert stack.rpc("images.image.list", {"ids": [nobody, image["id"]]})["items"] == [image]


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


def test_what_the_codecs_say_is_a_log_line(stack, user):
    """Damaged pictures make libvips warn, on an output that is for log lines alone (every line of it is checked)."""
    assert upload(stack, user, picture("JPEG")[:-400]).status_code == 422
    said = loglines.events(stack["images"].log_text(), "a library says something")
    assert said and {event["library"] for event in said} == {"VIPS"} and all(event["text"] for event in said)


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
    stack["images"].kill()
    away = stack.gateway.get(f"/images/{'0' * 8}-0000-7000-8000-{'0' * 12}")
    data = away.json()["error"]["data"]
    assert (away.status_code, data["code"], data["retry_after_ms"]) == (503, "unavailable", 1000)
    assert away.headers["Retry-After"] == "1"


def test_listings_take_images_that_exist(stack, user):
    company, owner = stack.company()
    image = upload(stack, owner, picture()).json()
    listing = stack.listing(company, owner, images=[image["id"]])
    assert listing["images"] == [image["id"]]
