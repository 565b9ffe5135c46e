"""CX1xx: formulas that cannot be read."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

EMPTY_FORMULA = Code(
    "CX101", "empty-formula",
    Phrase("formula is empty", "公式为空"),
    label=Phrase("nothing stands here", "此处为空"),
    help=Phrase("say how the number is made, as in `mean(answers.score)`", "写明数字如何得出，例如 `mean(answers.score)`"))

ENDS_EARLY = Code(
    "CX102", "formula-ends-early",
    Phrase("formula ends too early", "公式过早结束"),
    label=Phrase("something is missing after this", "此处之后缺少内容"),
    help=Phrase("write what is missing, or take the last sign away", "请补上缺少的部分，或删去末尾的符号"))

UNEXPECTED = Code(
    "CX103", "unexpected-in-formula",
    Phrase("`{found}` cannot stand here", "此处不能出现 `{found}`"),
    label=Phrase("not expected here", "此处不应出现"),
    help=Phrase("take it out, or write what belongs before it", "请删去它，或补上它前面缺少的内容"))

NO_OPERATOR = Code(
    "CX104", "no-operator",
    Phrase("`{found}` follows a value with nothing between them", "`{found}` 与前一个值之间缺少连接"),
    label=Phrase("an operator or a comma is missing before this", "此前缺少运算符或逗号"),
    help=Phrase("write an operator between the two, such as `+` or `and`", "请在两者之间写上运算符，例如 `+` 或 `and`"))

AT_WHAT = Phrase("expected `end` or `start`", "此处应为 `end` 或 `start`")
COMMA_ENDS_IT = Phrase("a comma ends a value in a map on one line: put the value between double quotes, or on a line "
                       "of its own", "写在一行的映射中，逗号会结束一个值：请给这个值加双引号，或另起一行书写")
UNCLOSED_BRACKET = Code(
    "CX105", "unclosed-bracket",
    Phrase("`{bracket}` is never closed", "`{bracket}` 没有闭合"),
    label=Phrase("`{closing}` is missing", "缺少 `{closing}`"),
    help=Phrase("close it with `{closing}` where the part in brackets ends", "请在括号内容结束处写上 `{closing}`"))

UNOPENED_BRACKET = Code(
    "CX106", "unopened-bracket",
    Phrase("`{bracket}` closes nothing", "`{bracket}` 没有对应的左括号"),
    label=Phrase("no bracket is open here", "此处没有未闭合的括号"),
    help=Phrase("remove it, or open the bracket it should close", "删除它，或补上对应的左括号"))

OPENED_HERE = Phrase("opened here", "在此打开")

WRONG_BRACKET = Code(
    "CX107", "wrong-bracket",
    Phrase("`{bracket}` cannot close `{opening}`", "`{bracket}` 不能闭合 `{opening}`"),
    label=Phrase("`{closing}` is expected here", "此处应为 `{closing}`"),
    help=Phrase("write `{closing}`, or close `{opening}` before this", "请写 `{closing}`，或在此之前闭合 `{opening}`"))

UNCLOSED_TEXT = Code(
    "CX108", "unclosed-text",
    Phrase("text is never closed", "文本没有闭合"),
    label=Phrase("the text begins here", "文本从此处开始"),
    help=Phrase("end it with `'`; a quote inside text is doubled: `'can''t'`",
                "用 `'` 结束文本；文本中的单引号写两个：`'can''t'`"))

OTHER_QUOTES = Code(
    "CX109", "other-quotes",
    Phrase("text stands in single quotes", "文本应使用单引号"),
    label=Phrase("these quotes mean nothing in a formula", "公式中不使用这种引号"),
    help=Phrase("write {instead}", "写成 {instead}"))

WIDE_SIGN = Code(
    "CX110", "full-width-sign",
    Phrase("`{found}` is full-width", "`{found}` 是全角字符"),
    label=Phrase("formulas are written with half-width signs", "公式使用半角符号"),
    help=Phrase("write `{instead}`", "写成 `{instead}`"))

OTHER_SPELLING = Code(
    "CX111", "other-spelling",
    Phrase("`{found}` is written `{instead}` in formulas", "公式中 `{found}` 写作 `{instead}`"),
    label=Phrase("the spelling of another language", "其他语言的写法"),
    help=Phrase("write `{instead}`", "请写 `{instead}`"))

CHAINED_COMPARISON = Code(
    "CX112", "chained-comparison",
    Phrase("comparisons cannot be chained", "比较不能连写"),
    label=Phrase("the value before this is already the answer of a comparison", "此前已是一次比较的结果"),
    help=Phrase("join two comparisons with `and`, or use `between ... and ...`",
                "用 `and` 连接两个比较，或用 `between ... and ...`"))

IN_BRACKETS = Phrase("a condition that an option takes stands in brackets: `failed = (txn.result = 'timeout')`",
                     "选项所取的条件请加括号：`failed = (txn.result = 'timeout')`")
RESERVED_WORD = Code(
    "CX113", "reserved-word",
    Phrase("`{word}` is a reserved word", "`{word}` 是保留字"),
    label=Phrase("a value is expected here", "此处应为一个值"),
    help=Phrase("a column of this name goes with its source: `calls.{word}`",
                "同名的列须连同数据源书写：`calls.{word}`"))

CLAUSE_OUTSIDE = Code(
    "CX114", "clause-outside",
    Phrase("`{clause}` stands outside the brackets of a function", "`{clause}` 位于函数括号之外"),
    label=Phrase("no function takes this clause", "没有函数接受该子句"),
    help=Phrase("clauses go inside, after the arguments: `mean(answers.score where answers.channel = 'app')`",
                "子句写在括号内、参数之后：`mean(answers.score where answers.channel = 'app')`"))

CLAUSE_AFTER_COMMA = Code(
    "CX115", "clause-after-comma",
    Phrase("no comma stands before `{clause}`", "`{clause}` 之前不写逗号"),
    label=Phrase("a clause follows its arguments without a comma", "子句与参数之间不用逗号"),
    help=Phrase("take the comma out", "请删去逗号"))

FIRST_CLAUSE = Phrase("first said here", "首次出现于此")

REPEATED_CLAUSE = Code(
    "CX116", "repeated-clause",
    Phrase("`{clause}` is said twice", "`{clause}` 重复出现"),
    label=Phrase("said again here", "此处再次出现"),
    help=Phrase("keep one; two conditions are joined with `and`", "只保留一个；两个条件用 `and` 连接"))

WINDOW_WITHOUT_UNIT = Code(
    "CX117", "window-without-unit",
    Phrase("`over` takes a length of time", "`over` 之后应为一段时间"),
    label=Phrase("no length of time", "不是一段时间"),
    help=Phrase("write a number with a unit, as in `over 28 d`, or a parameter, as in `over $window`",
                "写带单位的数字，例如 `over 28 d`，或参数，例如 `over $window`"))

EMPTY_LIST = Code(
    "CX118", "empty-list",
    Phrase("list is empty", "列表为空"),
    label=Phrase("no value between the brackets", "括号内没有值"),
    note=Phrase("nothing is ever in an empty list", "任何值都不会在空列表之中"),
    help=Phrase("name at least one value", "至少列出一个值"))

NO_SUCH_DATE = Code(
    "CX119", "no-such-date",
    Phrase("`{found}` is no day of the calendar", "`{found}` 不是有效日期"),
    label=Phrase("no such day", "没有这一天"),
    note=Phrase("digits joined by `-` without blanks are read as year, month and day",
           "以 `-` 相连且不留空格的数字按年-月-日解读"),
    help=Phrase("write a date as `2026-10-01`; put blanks around a minus sign", "日期写作 `2026-10-01`；减号两侧留空格"))

DATE_NOT_PADDED = Code(
    "CX120", "date-not-padded",
    Phrase("date `{found}` is not written in full", "日期 `{found}` 书写不完整"),
    label=Phrase("month and day have two digits", "月和日各占两位"),
    help=Phrase("write `{date}`, or blanks around the signs for a subtraction", "写成 `{date}`；若为减法，请在减号两侧留空格"))

NUMBER_OUT_OF_RANGE = Code(
    "CX121", "number-out-of-range",
    Phrase("number `{found}` is beyond all computing", "数字 `{found}` 超出可计算范围"),
    label=Phrase("numbers lie between 1e-300 and 1e300", "数字应介于 1e-300 与 1e300 之间"),
    help=Phrase("count in a larger unit, such as thousands, or correct the number", "请改用更大的单位（如千），或更正数字"))

TOO_LONG = Code(
    "CX122", "formula-too-long",
    Phrase("formula has {length} characters", "公式有 {length} 个字符"),
    label=Phrase("at most {limit} can be read", "最多 {limit} 个"),
    help=Phrase("make parts of it indicators of their own", "将其中的部分定义为单独的指标"))

TOO_DEEP = Code(
    "CX123", "formula-too-deep",
    Phrase("formula nests more than {limit} deep", "公式嵌套超过 {limit} 层"),
    label=Phrase("this lies too deep", "此处过深"),
    help=Phrase("make parts of it indicators of their own; say a long chain of `or` as `in [...]`",
                "将其中的部分定义为单独的指标；一长串 `or` 可写作 `in [...]`"))

NO_MEANING = Code(
    "CX124", "no-meaning",
    Phrase("`{found}` has no meaning in a formula", "`{found}` 在公式中没有意义"),
    label=Phrase("not part of the language", "不属于公式语言"),
    help=Phrase("take it out; parameters are written `$name`, choices `if(condition, a, b)`",
                "请删去；参数写作 `$name`，条件取值写作 `if(condition, a, b)`"))

ROUND_LIST = Code(
    "CX125", "round-list",
    Phrase("list stands in square brackets", "列表应使用方括号"),
    label=Phrase("`[` is expected here", "此处应为 `[`"),
    help=Phrase("write `x in ['a', 'b']`", "写成 `x in ['a', 'b']`"))

GROUPED_DIGITS = Code(
    "CX126", "grouped-digits",
    Phrase("`{found}` is written `{instead}`", "`{found}` 应写作 `{instead}`"),
    label=Phrase("digits stand together, and a point comes before decimals", "数字连写，小数用点"),
    note=Phrase("a comma or a blank would make two numbers of it", "逗号或空格会把它分成两个数"),
    help=Phrase("write `{instead}`", "写成 `{instead}`"))

ONE_NUMBER_OR_TWO = Code(
    "CX127", "one-number-or-two",
    Phrase("`{found}` may be one number or two", "`{found}` 可能是一个数，也可能是两个数"),
    label=Phrase("read as two here", "此处会读成两个数"),
    help=Phrase("write `{one}` for one number, `{two}` for two", "一个数写 `{one}`，两个数写 `{two}`"))
