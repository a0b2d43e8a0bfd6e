"""Paper as somebody reads it: the text of the PDF back again, sheet by sheet."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime

import pytest
from hotline.pdf import links, sheets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from pypdf import PdfReader

from crm.papers import text
from crm.papers.document import Document, Head, TooManySheets
from crm.papers.parts import Cell, Column, Figure, Signature
from crm.papers.pictures import PictureUnfit, picture
from crm.papers.writer import Writer

HEAD = Head("云杉物业客服中心", "zh", datetime(2026, 11, 22, 8, tzinfo=UTC), number="CP20261120-0003", day="2026-11-22")
COLUMNS = (Column("时间"), Column("What was done", 3), Column("金额", align="right"))


def letter() -> Document:
    made = Document(HEAD)
    made.title("关于电梯异响投诉的答复")
    made.paragraph("王女士：您好！您反映的问题（Lift noise）已处理，费用 ￥128.50。")
    made.figures([Figure("及时率", "98.7%", "https://desk.example/clocks"), Figure("A very long label " * 4, "1,234" * 9)])
    made.table(COLUMNS, [(f"09:{minute:02d}", Cell("到场检查 fault confirmed", "https://desk.example/t/1"), "1.50")
                         for minute in range(60)])
    made.signatures([Signature("经办人", "李四", "2026-11-22"), Signature("业主签字")])
    return made


def test_a_letter_reads_back_in_both_languages_with_its_frame_on_every_sheet() -> None:
    found = sheets(content := letter().to_bytes())
    assert len(found) == 3
    for number, sheet in enumerate(found, 1):
        assert "云杉物业客服中心" in sheet
        assert "CP20261120-0003" in sheet
        assert f"第{number}页，共3页" in sheet
    assert "王女士：您好！您反映的问题（Liftnoise）已处理，费用￥128.50。" in found[0]
    assert all("Whatwasdone" in sheet for sheet in found[:2])      # the header is on every sheet of the table
    assert "".join(found).count("faultconfirmed") == 60
    assert "李四" in found[2]
    assert links(content).count("https://desk.example/t/1") == 60
    about = PdfReader(io.BytesIO(content))
    assert about.metadata is not None
    assert about.metadata.title == "关于电梯异响投诉的答复"
    assert about.trailer["/Root"]["/Lang"] == "zh-CN"
    assert {round(float(side)) for side in about.pages[0].mediabox[2:]} == {595, 842}


def test_the_same_paper_is_the_same_bytes() -> None:
    assert letter().to_bytes() == letter().to_bytes()


def test_the_font_has_all_of_gb2312_and_what_it_lacks_is_seen_as_a_box() -> None:
    writer = Writer()
    every = [bytes([high, low]).decode("gb2312", "ignore") for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF)]
    assert [char for char in "".join(every) if not writer.has(char)] == []
    assert len("".join(every)) == 7445
    hostile = Document(HEAD)
    hostile.paragraph("灯\U0001f4a1坏\x00了\x1b[31m \u202eevil\u2066 \ud800 e\u0301\tTab")
    (sheet,) = sheets(hostile.to_bytes())
    assert "灯□坏□了□[31mevil□éTab" in sheet


def test_a_word_of_ten_kilobytes_goes_on_over_the_sheets_and_nothing_of_it_is_lost() -> None:
    made = Document(HEAD)
    began = time.process_time()
    made.table(COLUMNS, [("1", "A" * 10_000, "2"), ("3", "the next row", "4")])
    made.paragraph("B" * 10_000)
    found = sheets(made.to_bytes())
    assert time.process_time() - began < 30
    assert "".join(found).count("A") == 10_000
    assert "".join(found).count("B") == 10_000
    assert any("thenextrow" in sheet for sheet in found)


def test_a_photo_is_upright_small_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "48.8584 N 2.2945 E"      # turned by a quarter; a description
    out = io.BytesIO()
    Image.new("RGB", (4000, 2000), "red").save(out, "JPEG", exif=exif)
    made = Document(HEAD)
    made.image(out.getvalue(), caption="现场照片 1")
    content = made.to_bytes()
    (found,) = PdfReader(io.BytesIO(content)).pages[0].images
    assert found.image is not None
    assert found.image.size == (800, 1600)
    assert b"48.8584" not in content
    for damaged in (b"", b"GIF89a", b"%PDF-1.7", out.getvalue()[:300]):
        with pytest.raises(PictureUnfit):
            Document(HEAD).image(damaged)


def test_a_photo_is_on_paper_though_what_its_camera_says_cannot_be_written_anew() -> None:
    """All eight ways to hold a camera, by a camera that says its picture's width in words."""
    for held in range(1, 9):
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = held, "eight"
        out = io.BytesIO()
        drawn = Image.new("RGB", (80, 40), "red")
        drawn.paste("blue", (0, 0, 40, 20))
        drawn.save(out, "JPEG", exif=exif, quality=100)
        told = out.getvalue().replace(b"\x01\x0e\x00\x02", b"\x01\x00\x00\x02", 1)
        found, upright = picture(told), ImageOps.exif_transpose(Image.open(out)).convert("RGB")
        assert (found.size, found.tobytes()) == (upright.size, upright.tobytes()), held


def test_what_is_no_web_address_is_not_followed() -> None:
    made = Document(HEAD)
    for link in ("javascript:alert(1)", "file:///etc/passwd", "https://a.example/\n", "https://例子.example/"):
        made.paragraph("here", link=link)
        made.table(COLUMNS, [(Cell("a", link), "b", "c")])
    assert links(made.to_bytes()) == []


def test_a_thousand_sheets_are_enough() -> None:
    made = Document(HEAD)
    for _ in range(999):
        made.new_sheet()
    with pytest.raises(TooManySheets):
        made.new_sheet()


@given(st.text(max_size=300), st.floats(2, 60))
@settings(max_examples=60, deadline=None)
def test_lines_are_no_wider_than_the_sheet_and_keep_every_character(given_text: str, width: float) -> None:
    def measure(char: str) -> float:
        return 2.0 if ord(char) > 0x2000 else 1.0

    shown = text.clean(given_text, lambda char: char.isprintable())
    found = text.lines(shown, width, measure)
    assert all(sum(map(measure, line)) <= width for line in found)
    assert "".join("".join(found).split()) == "".join(shown.split())


def test_chinese_breaks_not_before_a_closing_mark_and_english_not_inside_a_word() -> None:
    assert text.lines("你好，世界", 4, lambda char: 2.0) == ["你", "好，", "世界"]
    assert text.lines("call the lift engineer", 12, lambda char: 1.0) == ["call the", "lift", "engineer"]
