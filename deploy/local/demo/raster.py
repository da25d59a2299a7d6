"""SVG to JPEG with the libvips that the daemons are linked with: no package beyond what EventLoop needs itself."""

import ctypes
import functools
import threading

_starting = threading.Lock()


def _vips():
    """libvips, started once: it dies when several threads start it together."""
    with _starting:
        return _started()


@functools.cache
def _started():
    vips = ctypes.CDLL("libvips.so.42")
    if vips.vips_init(b"demo") != 0:
        raise OSError("libvips does not start")
    vips.vips_image_new_from_buffer.restype = ctypes.c_void_p
    vips.vips_error_buffer.restype = ctypes.c_char_p
    vips.vips_concurrency_set(1)
    ctypes.CDLL("libgobject-2.0.so.0")
    return vips


def jpeg(svg):
    """The picture that the SVG text describes, as the bytes of a JPEG."""
    vips, gobject = _vips(), ctypes.CDLL("libgobject-2.0.so.0")
    gobject.g_object_unref.argtypes = [ctypes.c_void_p]
    text = svg.encode()
    image = vips.vips_image_new_from_buffer(text, ctypes.c_size_t(len(text)), b"", None)
    if not image:
        raise OSError(vips.vips_error_buffer().decode())
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    status = vips.vips_image_write_to_buffer(
        ctypes.c_void_p(image), b".jpg[Q=84,background=255]", ctypes.byref(data), ctypes.byref(size), None
    )
    gobject.g_object_unref(image)
    if status != 0:
        raise OSError(vips.vips_error_buffer().decode())
    result = ctypes.string_at(data, size.value)
    glib = ctypes.CDLL("libglib-2.0.so.0")
    glib.g_free.argtypes = [ctypes.c_void_p]
    glib.g_free(data)
    return result
