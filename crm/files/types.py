"""The types of files that are taken, and the endings of their names.

What is not here is refused: a list of what is dangerous is never complete. A table of our own and not a library:
those that are alive tell hundreds of types apart, most of which nobody may send, and none tells what is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OOXML: Final = "application/vnd.openxmlformats-officedocument"
_ODF: Final = "application/vnd.oasis.opendocument"

DOCX: Final = f"{_OOXML}.wordprocessingml.document"
XLSX: Final = f"{_OOXML}.spreadsheetml.sheet"
PPTX: Final = f"{_OOXML}.presentationml.presentation"
STICKER: Final = "application/x-tgsticker"

ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/bmp": ("bmp",),
    "image/tiff": ("tif", "tiff"),
    "image/heic": ("heic", "heif"),
    "image/avif": ("avif",),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a", "mp4"),
    "audio/aac": ("aac",),
    "audio/wav": ("wav",),
    "audio/flac": ("flac",),
    "audio/amr": ("amr",),
    "audio/webm": ("webm", "weba"),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/ogg": ("ogv",),
    "video/3gpp": ("3gp", "3g2"),
    "video/x-matroska": ("mkv",),
    "video/x-msvideo": ("avi",),
    "video/mpeg": ("mpg", "mpeg"),
    "application/pdf": ("pdf",),
    "application/rtf": ("rtf",),
    "application/msword": ("doc", "dot"),
    "application/vnd.ms-excel": ("xls", "xlt"),
    "application/vnd.ms-powerpoint": ("ppt", "pps"),
    "application/vnd.ms-outlook": ("msg",),
    DOCX: ("docx", "dotx"),
    XLSX: ("xlsx", "xltx"),
    PPTX: ("pptx", "ppsx", "potx"),
    f"{_ODF}.text": ("odt",),
    f"{_ODF}.spreadsheet": ("ods",),
    f"{_ODF}.presentation": ("odp",),
    f"{_ODF}.graphics": ("odg",),
    "application/epub+zip": ("epub",),
    "application/zip": ("zip",),
    "application/vnd.rar": ("rar",),
    "application/x-7z-compressed": ("7z",),
    "application/gzip": ("gz", "tgz"),
    "application/json": ("json",),
    "application/xml": ("xml",),
    "application/pkcs7-mime": ("p7s", "p7m", "p7b", "cms", "sig"),
    "image/vnd.adobe.photoshop": ("psd",),
    "image/vnd.dwg": ("dwg",),
    "image/vnd.djvu": ("djvu", "djv"),
    "message/rfc822": ("eml",),
    "text/csv": ("csv", "tsv"),
    "text/calendar": ("ics",),
    "text/vcard": ("vcf",),
    "text/markdown": ("md",),
    "text/plain": ("txt", "log", "text", "ini", "conf", "yml", "yaml", "srt", "tex", "dxf", "asc"),
    STICKER: ("tgs",),
}
"""Each type with the endings its files may have; the first is the usual one."""

TYPE_OF_ENDING: Final[Mapping[str, str]] = {
    ending: mime for mime, endings in reversed(list(ENDINGS.items())) for ending in endings
}

SHOWN: Final = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp"),
        *(
            "audio/mpeg",
            "audio/ogg",
            "audio/mp4",
            "audio/aac",
            "audio/wav",
            "audio/flac",
            "audio/webm",
        ),
        *("video/mp4", "video/webm", "video/quicktime", "video/ogg", "video/3gpp"),
    }
)
"""What a browser may show by itself: nothing of it can hold a script. The rest is only downloaded."""

THUMBNAILED: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

_REFUSED: Final = (
    "exe com scr pif bat cmd msi msp mst cpl dll sys drv ocx js jse mjs cjs vb vbs vbe ws "
    "wsf wsh wsc ps1 ps1xml ps2 psm1 psc1 hta lnk url website scf inf reg jar war apk aab "
    "ipa app dmg pkg deb rpm appimage msix appx sh bash zsh csh ksh fish command py pyc "
    "pyw pl rb php phtml php5 asp aspx jsp cgi html htm xhtml xht shtml mht mhtml svg "
    "svgz swf xll xla xlam docm dotm xlsm xltm xlsb pptm potm ppsm ppam sldm iso img vhd "
    "vhdx chm hlp gadget application library-ms search-ms settingcontent-ms appref-ms "
    "theme desktop jnlp class wasm one cab ade adp mdb accde "
)
REFUSED_ENDINGS: Final = frozenset(_REFUSED.split())
"""What a double click would run, or a browser show as a page of ours. Texts among them look harmless by content."""
