"""CX3xx: units, kinds of value and scales."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

LEFT_IS = Phrase("this is {left}", "这是 {left}")
RIGHT_IS = Phrase("this is {right}", "这是 {right}")

UNITS_DIFFER = Code(
    "CX301", "units-differ",
    Phrase("`{operation}` joins unlike units: {left} and {right}", "`{operation}` 两边单位不同：{left} 与 {right}"),
    label=Phrase("the two sides have different units", "两边单位不同"),
    note=Phrase("the result would have no unit, and so no meaning", "结果没有单位，也就没有意义"),
    help=Phrase("bring both sides to one unit, or score them as children of a composite",
                "请把两边换成同一单位，或作为复合指标的下级分别计分"))
NOT_A_CONDITION = Code(
    "CX302", "not-a-condition",
    Phrase("expected a condition, found {found}", "此处应为条件，实际是 {found}"),
    label=Phrase("neither true nor false", "不是真假值"),
    help=Phrase("compare it with something, such as `= 'success'` or `> 0`", "请写成比较，例如 `= 'success'` 或 `> 0`"))
NOT_A_NUMBER_EXPRESSION = Code(
    "CX303", "not-a-number-expression",
    Phrase("`{function}` needs a number, found {found}", "`{function}` 需要数字，实际是 {found}"),
    label=Phrase("this is {found}", "这是 {found}"),
    help=Phrase("put a number there: a column of numbers, or `count`, `sum`, `mean` of one",
                "请在此放数字：数字列，或对列使用 `count`、`sum`、`mean`"))
TO_A_NUMBER = Phrase("a condition becomes a number by `share(...)` over rows, or `if(..., 1, 0)`",
                     "条件可用按行的 `share(...)` 或 `if(..., 1, 0)` 变成数字")
TIMES_APART = Phrase("the time between two moments is a number: `mean(calls.ended - calls.began)`",
                     "两个时刻之差是数字：`mean(calls.ended - calls.began)`")
TEXTS_COUNTED = Phrase("texts are counted: `distinct(txn.customer)`, `share(txn.result = 'success')`; a column of "
                       "numbers says so by `type: number`",
                       "文本只能计数：`distinct(txn.customer)`、`share(txn.result = 'success')`；数字列请写 `type: number`")
UNLIKE_KINDS = Code(
    "CX304", "unlike-kinds",
    Phrase("{left} is compared with {right}", "把 {left} 与 {right} 作比较"),
    label=Phrase("unlike kinds are never equal", "不同类型永不相等"),
    help=Phrase("write it in the column's own kind: text in single quotes, numbers without, days `2026-10-01`",
                "请按列的类型书写：文本加单引号，数字不加，日期写作 `2026-10-01`"))
VALUE_NOT_IN_SET = Code(
    "CX305", "value-not-in-set",
    Phrase("`{value}` is not a value of `{column}`", "`{value}` 不是 `{column}` 的取值"),
    label=Phrase("never occurs", "不会出现"),
    note=Phrase("the column declares all of its `values`", "该列用 `values` 声明了全部取值"),
    help=Phrase("its values are: {known}; if the data have another, add it to the `values` there",
                "其取值为：{known}；若数据中确有其他取值，请补入那里的 `values`"))
OUTSIDE_SCALE = Code(
    "CX306", "outside-scale",
    Phrase("{value} lies outside the scale {scale}", "{value} 在量表 {scale} 之外"),
    label=Phrase("never reached", "不会达到"),
    help=Phrase("write a value on the scale, or correct the `scale` of the column",
                "请写量表以内的数值，或更正该列的 `scale`"))
NEVER_HOLDS = Code(
    "CX349", "never-holds",
    Phrase("`{comparison}` never holds on the scale {scale}", "在量表 {scale} 上 `{comparison}` 永不成立"),
    label=Phrase("the end of the scale", "这是量表的一端"),
    help=Phrase("write `{instead}` where the end itself is meant", "若包括端点本身，请写 `{instead}`"))
ENDS_SWAPPED = Code(
    "CX336", "ends-swapped",
    Phrase("nothing lies between {low} and {high}", "{low} 与 {high} 之间没有任何值"),
    label=Phrase("the lower end stands behind the higher one", "下限写在上限之后"),
    help=Phrase("write the lower end first", "请先写下限"))
BOXES_OVERLAP = Code(
    "CX337", "boxes-overlap",
    Phrase("promoters {promoters} and detractors {detractors} are partly the same answers",
           "推荐者 {promoters} 与贬损者 {detractors} 有重叠的回答"),
    label=Phrase("in both", "两者都有"),
    note=Phrase("an answer in both would count for and against", "同时属于两者的回答会既加又减"),
    help=Phrase("let each answer be of one kind at most", "每个回答至多属于一类"))
NEEDS_SCALE = Code(
    "CX308", "needs-scale",
    Phrase("`{function}` needs the scale of `{column}`", "`{function}` 需要 `{column}` 的量表"),
    label=Phrase("no scale declared", "没有声明量表"),
    help=Phrase("add `scale: 0..10`, or what the questionnaire says, to the column",
                "请为该列加上 `scale: 0..10`，或问卷实际采用的量表"))
LITERAL_NEEDS_UNIT = Code(
    "CX309", "literal-needs-unit",
    Phrase("{value} needs a unit", "{value} 缺少单位"),
    label=Phrase("expected {unit}", "此处应带单位 {unit}"),
    note=Phrase("a bare number could be seconds or milliseconds, yuan or cents",
                "不带单位的数可能是秒，也可能是毫秒；可能是元，也可能是分"),
    help=Phrase("write its unit behind it: `{value} {unit}`", "请在数字后写出单位：`{value} {unit}`"))
UNIT_UNKNOWN = Code(
    "CX310", "unit-unknown",
    Phrase("unknown unit `{unit}`", "未知的单位 `{unit}`"),
    label=Phrase("no such unit", "没有这个单位"),
    help=Phrase("units: `%`, `ms`, `s`, `min`, `h`, `d`, currencies such as `CNY`, and of each thing: `CNY/order`",
                "单位有 `%`、`ms`、`s`、`min`、`h`、`d`、`CNY` 等币种，以及按件计的 `CNY/order`"))
UNIT_MISMATCH_DECLARED = Code(
    "CX311", "unit-mismatch-declared",
    Phrase("declared as {declared}, computed as {found}", "声明为 {declared}，计算结果是 {found}"),
    label=Phrase("the formula gives {found}", "公式得出 {found}"),
    help=Phrase("correct `unit`, or leave it out: it follows from the formula",
                "请更正 `unit`，或删去：单位由公式决定"))
TIME_MEANT = Phrase("write behind it what is meant: `{value} {unit}`, or `{value} {other}`",
                    "请在数字后写出所指的单位：`{value} {unit}` 或 `{value} {other}`")
CURRENCIES_DIFFER = Code(
    "CX312", "currencies-differ",
    Phrase("{left} meets {right} without a rate", "{left} 与 {right} 之间没有汇率"),
    label=Phrase("two currencies", "两种货币"),
    help=Phrase("convert in the data, with the rate of the row's day", "请在数据中按当日汇率换算"))
SUM_OF_SHARES = Code(
    "CX313", "sum-of-shares",
    Phrase("shares are added up: `{name}`", "把比例相加：`{name}`"),
    label=Phrase("a share", "这是比例"),
    note=Phrase("shares of different wholes do not add up", "不同整体的比例不能相加"),
    help=Phrase("take the share over all the rows at once, or a weighted mean",
                "请对所有行一次求比例，或用加权平均"))
NPS_SCALE = Code(
    "CX314", "nps-scale",
    Phrase("`nps` needs a scale of 0..10, `{column}` has {scale}", "`nps` 需要量表 0..10，而 `{column}` 是 {scale}"),
    label=Phrase("scale {scale}", "量表 {scale}"),
    help=Phrase("say which answers count: `nps({column}, promoters = 5..5, detractors = 1..3)`, or use `top_box`",
                "请写明计数的分值：`nps({column}, promoters = 5..5, detractors = 1..3)`，或用 `top_box`"))
SCALE_GUESSED = Code(
    "CX338", "scale-guessed",
    Phrase("`nps` takes `{column}` to be on 0..10, which nothing says", "`nps` 按 0..10 理解 `{column}`，但没有任何声明"),
    severity="warning",
    label=Phrase("no scale declared", "没有声明量表"),
    note=Phrase("of answers on 1..5 nobody would be a promoter, and a code such as 98 would count as an answer",
                "若回答采用 1..5，就没有推荐者；98 之类的代码也会算作回答"),
    help=Phrase("add `scale: 0..10` to the column, or what the questionnaire says",
                "请为该列加上 `scale: 0..10`，或问卷实际采用的量表"))
QUANTILE_RANGE = Code(
    "CX315", "quantile-range",
    Phrase("a quantile lies between 0 and 1, found {value}", "分位数应在 0 与 1 之间，实际是 {value}"),
    label=Phrase("expected 0 to 1", "应在 0 与 1 之间"),
    help=Phrase("the 95th percentile is `quantile(x, 0.95)`, or `p95(x)`",
                "第 95 百分位写作 `quantile(x, 0.95)` 或 `p95(x)`"))
ACCURACY_RANGE = Code(
    "CX361", "accuracy-range",
    Phrase("`{function}` takes an accuracy from {least} to {most}, found {value}",
           "`{function}` 的 accuracy 应在 {least} 到 {most} 之间，实际是 {value}"),
    label=Phrase("expected {least} to {most}", "应在 {least} 到 {most} 之间"),
    help=Phrase("leave `accuracy` out for exact values, or allow a part of them such as `accuracy = 1%`",
                "需要精确值请去掉 `accuracy`；允许近似请写 `accuracy = 1%` 之类的比例"))
ACCURACY_OF_NUMBERS = Code(
    "CX362", "accuracy-of-numbers",
    Phrase("a `distinct` of numbers that need not be whole is exact, and takes no accuracy",
           "对可能带小数的数字求 `distinct` 只能精确计算，不接受 accuracy"),
    label=Phrase("not taken here", "此处不可用"),
    help=Phrase("leave `accuracy` out; what is counted with one are texts, days, times and columns of `type: integer`",
                "请去掉 `accuracy`；可近似计数的是文本、日期、时间和 `type: integer` 的列"))
POWER_OF_UNIT = Code(
    "CX316", "power-of-unit",
    Phrase("a power of {unit} has no meaning here", "{unit} 的乘方在此没有意义"),
    label=Phrase("this is {unit}", "这是 {unit}"),
    help=Phrase("divide by a value of the same unit first", "请先除以同一单位的值"))
PATTERN = Code(
    "CX317", "pattern",
    Phrase("`matches` does not take {problem}", "`matches` 不接受{problem}"),
    label=Phrase("not in a pattern", "模式中不可用"),
    note=Phrase("a pattern means the same in every engine, and its search time grows with the text only",
                "模式在各引擎中含义相同，查找时间只随文本增长"),
    help=Phrase("use letters, `.`, `^`, `$`, classes such as `[a-z]`, `\\d`, groups, `|`, and `*`, `+`, `?`, `{2,5}`",
                "可用字符、`.`、`^`、`$`、`[a-z]` 与 `\\d` 等字符类、分组、`|`，以及 `*`、`+`、`?`、`{2,5}`"))
NOTHING_BELOW = Code(
    "CX365", "nothing-below",
    Phrase("`{window}` has no rows to look at", "`{window}` 下面没有任何行"),
    label=Phrase("made of constants only", "这里只有常数"),
    note=Phrase("a constant is the same on all days", "常数在任何一天都一样"),
    help=Phrase("put an aggregate or an indicator in it, or leave it out", "请在其中写聚合或指标，或者去掉它"))
WINDOW_WITHOUT_EFFECT = Code(
    "CX366", "window-without-effect",
    Phrase("`{window}` has no effect on `{inner}`, which has a window of its own",
           "`{window}` 对 `{inner}` 不起作用，后者自带窗口"),
    label=Phrase("would be ignored there", "在那里会被忽略"),
    note=Phrase("a window that sets its own length looks at the same days, whatever period it is asked for",
                "自定长度的窗口总是看同样多的天，与外层周期无关"),
    help=Phrase("leave one of the two out; `prior` and `same_period_last_year` go with any window",
                "请去掉其中一个；`prior` 和 `same_period_last_year` 可与任何窗口合用"))
WINDOWS_TOO_DEEP = Code(
    "CX367", "windows-too-deep",
    Phrase("windows in windows, more than {limit} deep", "窗口嵌套超过 {limit} 层"),
    label=Phrase("this is one too many", "这一层过多"),
    note=Phrase("indicators that this one refers to count too", "所引用指标中的窗口也计算在内"),
    help=Phrase("go back in one step: `prior(x, 3 month)`", "请一步回溯：`prior(x, 3 month)`"))
TOO_MANY_WINDOWS = Code(
    "CX368", "too-many-windows",
    Phrase("indicators are seen through more than {limit} windows", "经由窗口查看的指标超过 {limit} 个"),
    label=Phrase("this one too", "这里也是"),
    note=Phrase("each window of a composite is a copy of all that stands below it", "复合指标的每个窗口都会复制其下的全部指标"),
    help=Phrase("use fewer spans", "请减少不同的跨度"))
WEIGHT_NOT_NUMBER = Code(
    "CX371", "weight-not-number",
    Phrase("the weight `{name}` is {found}, not a number", "权重 `{name}` 是 {found}，不是数字"),
    label=Phrase("this is {found}", "这是 {found}"),
    help=Phrase("name the column that says how many people an answer stands for",
                "请写明表示一份答卷代表多少人的列"))
NOT_WEIGHED = Code(
    "CX372", "not-weighed",
    Phrase("`{function}` of the weighted source `{source}` is not defined", "加权数据源 `{source}` 的 `{function}` 没有定义"),
    label=Phrase("takes no weights", "不支持权重"),
    note=Phrase("it counts visits and steps of several rows, whose weights may differ",
                "它按多行合成的访问或步骤计数，而各行权重可能不同"),
    help=Phrase("declare the rows as a second source without `weight`", "请把这些行另行声明为不带 `weight` 的数据源"))
RULE_NOT_WEIGHED = Code(
    "CX373", "rule-not-weighed",
    Phrase("`{rule}` is no rule for quantiles of the weighted source `{source}`",
           "`{rule}` 不能用于加权数据源 `{source}` 的分位数"),
    label=Phrase("asks how many rows there are", "取决于行数"),
    note=Phrase("it goes on from row to row, and what a row weighs says nothing of how many people gave that value",
                "该规则逐行推进，而行的权重并不说明给出该值的人数"),
    help=Phrase("leave `rule` out, or write `hf1` (the first value that reaches the part) or `hf2` (the middle of two)",
                "请省略 `rule`，或写 `hf1`（首个达到该比例的值）或 `hf2`（两值取中）"))
ITEMS_UNLIKE = Code(
    "CX370", "items-unlike",
    Phrase("`{function}` takes items on one scale: {left} is not {right}",
           "`{function}` 的各题须用同一量表：{left} 不同于 {right}"),
    label=Phrase("this is {right}", "这是 {right}"),
    note=Phrase("what they have in common cannot be told from what their scales differ in",
                "各题的共性无法与量表的差别区分开"),
    help=Phrase("declare one `scale` for all items, or bring them to one in a derived column",
                "请为各题声明同一 `scale`，或用派生列换算到同一量表"))
NOT_AN_ANSWER = Code(
    "CX331", "not-an-answer",
    Phrase("`{function}` asks about a column of the files", "`{function}` 只能用于文件中的列"),
    label=Phrase("not a column that is read", "不是读入的列"),
    note=Phrase("why there is no answer stands in the cell itself", "没有回答的原因写在单元格里"),
    help=Phrase("name the column that holds the answers, such as `{function}(answers.score)`",
                "请写出存放回答的列，例如 `{function}(answers.score)`"))
SCALE_OF_ONE_POINT = Code(
    "CX332", "scale-of-one-point",
    Phrase("the scale {found} has one point only", "量表 {found} 只有一个点"),
    label=Phrase("both ends are the same", "两端相同"),
    note=Phrase("answers on it could be brought to any point of another scale", "其上的回答可以换算到另一量表的任何一点"),
    help=Phrase("write its two ends, such as `1..5`, or `5..1` if it was flipped",
                "请写明两端，例如 `1..5`；若方向相反，写 `5..1`"))
SCALES_OF_NO_ANSWER = Code(
    "CX333", "scales-of-no-answer",
    Phrase("`{name}` is not read as a number on a scale", "`{name}` 不是按量表读取的数字"),
    label=Phrase("what should be brought to another scale?", "要换算什么？"),
    note=Phrase("answers are brought to the scale of today where they are read: not in derived columns, "
                "nor in closed sets",
                "回答在读取时换算到现在的量表：派生列和取值固定的列不适用"),
    help=Phrase("give the `scales` to the column that holds the answers, as `integer` or `number`, without `values`",
                "请把 `scales` 写在存放回答的列上，类型为 `integer` 或 `number`，且不带 `values`"))
BAND_EDGES = Code(
    "CX330", "band-edges",
    Phrase("the edges of `bands` are numbers that rise, found {found}", "`bands` 的分界应为递增的数字，实际是 {found}"),
    label=Phrase("expected a larger number", "此处应为更大的数字"),
    note=Phrase("a value in no band, or in two, could not be counted", "不属于任何区间或属于两个区间的数值无法计数"),
    help=Phrase("write them from the least to the greatest, such as `bands(age, 30, 45, 60)`",
                "请由小到大书写，例如 `bands(age, 30, 45, 60)`"))
BENCHMARK_UNIT = Code(
    "CX340", "benchmark-unit",
    Phrase("the benchmark is in {found}, the indicator in {expected}", "基准的单位是 {found}，指标是 {expected}"),
    label=Phrase("this is {found}", "这是 {found}"),
    note=Phrase("the gap is the difference of the two", "差距是两者之差"),
    help=Phrase("bring the value to {expected}, or record it for the indicator it belongs to",
                "请换算为 {expected}，或记录到它所属的指标下"))
BENCHMARK_RANGE = Code(
    "CX341", "benchmark-range",
    Phrase("{value} is no value of an indicator in {expected}", "{value} 不是单位为 {expected} 的指标的取值"),
    label=Phrase("out of range", "超出范围"),
    help=Phrase("write a share with its sign (`94.18%`), and bring points to the indicator's scale",
                "比例请带百分号（`94.18%`），分数请换算到指标的量表"))
BENCHMARK_SCALE = Code(
    "CX342", "benchmark-scale",
    Phrase("the benchmark was measured on {found}, the indicator is {expected}",
           "基准的量表是 {found}，指标是 {expected}"),
    label=Phrase("another scale", "量表不同"),
    note=Phrase("answers on unlike scales are not the same answers, even when they are stretched to one length",
                "不同量表上的回答即使换算到同样的长度，也不是同样的回答"),
    help=Phrase("record it as `reference_only`, with its value on its own scale",
                "请记为 `reference_only`，数值保留原量表"))
LOGARITHM_OF_UNIT = Code(
    "CX345", "logarithm-of-unit",
    Phrase("`{function}` of {unit} hangs on the unit", "对 {unit} 取 `{function}`，结果取决于所用单位"),
    label=Phrase("this is {unit}", "这是 {unit}"),
    note=Phrase("in seconds and in milliseconds it would be two different numbers", "换成秒或毫秒会得到不同的数"),
    help=Phrase("divide by one of the unit first: `ln(wait / 1 s)`", "请先除以一个单位：`ln(wait / 1 s)`"))
SHARE_ABOVE_ALL = Code(
    "CX346", "share-above-all",
    Phrase("a share never reaches {value}", "比例不会达到 {value}"),
    label=Phrase("more than all", "超过全部"),
    note=Phrase("shares are parts of 1: a half is `0.5`, or `50%`", "比例是 1 的一部分：一半写作 `0.5` 或 `50%`"),
    help=Phrase("write `{value}%` if that is meant", "若本意如此，请写 `{value}%`"))
PER_CENT_COLUMN = Code(
    "CX347", "per-cent-column",
    Phrase("a column of `%` does not say whether a quarter is 25 or 0.25", "单位为 `%` 的列没有说明四分之一是 25 还是 0.25"),
    label=Phrase("per cents, or parts of 1?", "是百分数，还是 1 的一部分？"),
    note=Phrase("read one way in place of the other, every number is off by a hundred", "误读会使所有数值相差一百倍"),
    help=Phrase("write `unit: share` for parts of 1; of per cents derive a share: "
                "`rate: {formula: rate_percent / 100, unit: share}`",
                "1 的一部分请写 `unit: share`；百分数请派生：`rate: {formula: rate_percent / 100, unit: share}`"))
DIRECTION_OPEN = Code(
    "CX348", "direction-open",
    Phrase("`{indicator}` is in {unit}, and nothing says that less is good", "`{indicator}` 的单位是 {unit}，没有说明越少越好"),
    severity="warning",
    label=Phrase("more counts as better here", "此处按越多越好计"),
    note=Phrase("gaps, ranks and scores among others turn round with the direction", "差距、排名和相对得分都取决于方向"),
    help=Phrase("write `direction: down`, or `direction: up` where longer is meant to be better",
                "请写 `direction: down`；若确实越长越好，请写 `direction: up`"))
SCALED_BY_HAND = Code(
    "CX339", "scaled-by-hand",
    Phrase("{unit} {operator} {number} are still {unit}", "{unit} {operator} {number} 的单位仍是 {unit}"),
    severity="warning",
    label=Phrase("not {other}", "并不是 {other}"),
    note=Phrase("a bare number is a factor: it does not change what a number is a number of",
                "不带单位的数只是倍数，不会改变单位"),
    help=Phrase("durations are converted by themselves: take `{operator} {number}` away and write `unit: {other}`, or "
                "compare with a literal such as `1 {other}`",
                "时长会自动换算：请去掉 `{operator} {number}`，写 `unit: {other}`，或与 `1 {other}` 这样的字面量比较"))
CELL_WITH_UNIT = Code(
    "CX335", "cell-with-unit",
    Phrase("`{value}` is no number, so the row would be rejected", "`{value}` 不是数字，这一行会被拒收"),
    severity="warning",
    label=Phrase("`{column}` is a column of numbers", "`{column}` 是数值列"),
    note=Phrase("rows of a test stand as a file would hold them, without units", "测试中的行与文件里的写法相同，不带单位"),
    help=Phrase("write `{number}`, which is {unit} by the column", "请写 `{number}`，其单位由列决定（{unit}）"))
PERSONAL_SLICE = Code(
    "CX369", "personal-slice",
    Phrase("slices by `{dimension}` would tell what `{column}` of `{source}` holds, which is class C2",
           "按 `{dimension}` 切分会显示 `{source}` 的 `{column}` 列的内容，而该列属于 C2 级"),
    label=Phrase("a slice for each person", "每个人一个切片"),
    note=Phrase("slices stand in values, reports and files as they are", "切片会原样写入数值、报告和文件"),
    help=Phrase("slice by a group: `bands(age, 30, 45)`, a column of a lookup, or one with a closed set of `values`; "
                "or correct the `class`",
                "请按群体切分：`bands(age, 30, 45)`、查找表中的列，或写明闭集 `values` 的列；或更正 `class`"))
PERSONAL_HERE = Phrase("class C2", "C2 级")
