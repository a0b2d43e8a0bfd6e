"""What is wrong with a row of a file, in both languages: the list goes back to whoever wrote the file, often on paper."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    zh: str
    en: str


FAULTS: Final[dict[str, Words]] = {
    "file_too_large": Words("文件超过 16 MB", "the file is larger than 16 MB"),
    "file_too_long": Words("超过 30000 行，请分成几个文件", "more than 30,000 rows: split the file"),
    "file_too_wide": Words("列太多", "too many columns"),
    "file_empty": Words("文件没有内容", "the file is empty"),
    "file_encoding": Words("编码不是 UTF-8，也不是 GB18030（Excel 请存为“CSV UTF-8”或 XLSX）",
                           "neither UTF-8 nor GB18030: save it as “CSV UTF-8” or as XLSX"),
    "file_not_csv": Words("不是 CSV：引号没有成对", "not CSV: a quotation mark is not closed"),
    "file_old_excel": Words("旧版 Excel 文件（.xls）：请另存为 XLSX", "an old Excel file (.xls): save it as XLSX"),
    "file_unreadable": Words("XLSX 文件已损坏", "the XLSX file is damaged"),
    "file_unsafe": Words("XLSX 文件不安全，已拒绝", "the XLSX file is unsafe and was refused"),
    "column_missing": Words("缺少这一列", "the column is missing"),
    "column_twice": Words("这一列出现两次", "the column is there twice"),
    "fields": Words("列数与表头不同", "not as many fields as the header has"),
    "empty": Words("不能为空", "must not be empty"),
    "too_long": Words("太长", "too long"),
    "characters": Words("含有不可见字符", "holds a control character"),
    "is_a_date": Words("Excel 把它变成了日期：请把该列设为“文本”后重新填写",
                       "Excel has made a date of it: format the column as text and type it again"),
    "role": Words("只能是 owner 业主、tenant 租户、staff 员工", "one of owner, tenant, staff"),
    "language": Words("只能是 zh 中文、en 英文", "one of zh, en"),
    "label": Words("只能是 mobile 手机、home 住宅、work 单位、other 其他", "one of mobile, home, work, other"),
    "number": Words("不是电话号码", "not a phone number"),
    "two_numbers": Words("一格只写一个号码：每个号码一行", "one number a cell: a row for each of them"),
    "date": Words("日期要写成 2026-11-22", "a date is written 2026-11-22"),
    "future": Words("日期在将来", "the date is still to come"),
    "tag": Words("没有这个标签", "there is no such tag"),
    "contradicts": Words("与同一户或同一人的另一行不一致", "differs from another row about the same household or person"),
    "estate_unknown": Words("没有这个小区", "there is no such estate"),
    "person_unknown": Words("此户没有这个人，无法办理迁出", "nobody of that name lives there, so nobody can move out"),
}
