"""CX258 to CX261: the calendar of a project, and which days it names."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

DAY_OF_TWO_KINDS = Code(
    "CX258", "day-of-two-kinds",
    Phrase("{day} stands in the calendar as a holiday and as a workday", "{day} 在日历中既是节假日又是工作日"),
    label=Phrase("a {kind} here", "这里是{kind}"),
    note=Phrase("a day is either a holiday or made up for one", "一天要么放假，要么调休上班"),
    help=Phrase("keep one of the two entries", "两条记录请保留一条"))
OTHER_KIND_HERE = Phrase("a {first} here", "那里是{first}")
WORKDAY_ANYWAY = Code(
    "CX259", "workday-anyway",
    Phrase("{day} is a workday anyway", "{day} 本来就是工作日"),
    label=Phrase("from Monday to Friday", "在周一至周五之间"),
    note=Phrase("only days of the weekend are made up as workdays: a slip in the date is likely",
                "只有周末才会调休上班，日期可能写错了"),
    help=Phrase("correct the date, or leave the entry out", "请更正日期，或去掉这一条"))
YEAR_FORGOTTEN = Code(
    "CX260", "year-forgotten",
    Phrase("the calendar has no day of {year}", "日历中没有 {year} 年的任何一天"),
    label=Phrase("the next day that it has", "日历中的下一天"),
    note=Phrase("a year without holidays would pass for one in which people worked on all weekdays",
                "没有节假日的一年会被当作全年照常上班"),
    help=Phrase("add the holidays of {year}", "请补上 {year} 年的节假日"))
NO_CALENDAR = Code(
    "CX261", "no-calendar",
    Phrase("`{function}` needs the calendar of the project", "`{function}` 需要项目的日历"),
    label=Phrase("which days are holidays is not known", "不知道哪些天放假"),
    help=Phrase("add a section `calendar` with the holidays; from Monday to Friday is `weekday(t) in 1..5`",
                "请加上列出节假日的 `calendar`；周一至周五可写 `weekday(t) in 1..5`"))
