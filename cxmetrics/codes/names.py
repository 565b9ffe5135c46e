"""CX2xx: names and what they stand for."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

SIMILAR_NAME = Phrase("this one has a similar name", "这个名称与之相近")
FIRST_DEFINED = Phrase("first defined here", "第一次定义在这里")
MEANT_HERE = Phrase("could mean this one", "可能指这个")

_NOT_DEFINED = Phrase("not defined in any loaded file", "所有已读入的文件中都没有定义")

UNKNOWN_INDICATOR = Code(
    "CX201", "unknown-indicator",
    Phrase("unknown indicator `{name}`", "未知的指标 `{name}`"),
    label=_NOT_DEFINED,
    help=Phrase("define `{name}` under `indicators`, or name one that is there",
                "请在 `indicators` 下定义 `{name}`，或改用已有的指标"))
UNKNOWN_SOURCE = Code(
    "CX202", "unknown-source",
    Phrase("unknown source `{name}`", "未知的数据源 `{name}`"),
    label=_NOT_DEFINED,
    help=Phrase("declare `{name}` under `sources`", "请在 `sources` 下声明 `{name}`"))
UNKNOWN_COLUMN = Code(
    "CX203", "unknown-column",
    Phrase("the source `{source}` has no column `{name}`", "数据源 `{source}` 没有列 `{name}`"),
    label=Phrase("not declared", "没有声明"),
    note=Phrase("only declared columns are read, so that types and units are known",
                "只读取已声明的列，这样类型和单位才明确"),
    help=Phrase("declare `{name}` under the `columns` of `{source}`", "请在 `{source}` 的 `columns` 下声明 `{name}`"))
UNKNOWN_FUNCTION = Code(
    "CX204", "unknown-function",
    Phrase("unknown function `{name}`", "未知的函数 `{name}`"),
    label=Phrase("no such function", "没有这个函数"))
UNKNOWN_DIMENSION = Code(
    "CX205", "unknown-dimension",
    Phrase("unknown dimension `{name}`", "未知的维度 `{name}`"),
    label=_NOT_DEFINED,
    help=Phrase("declare `{name}` under `dimensions`", "请在 `dimensions` 下声明 `{name}`"))
DUPLICATE_ID = Code(
    "CX206", "duplicate-id",
    Phrase("{kind} `{id}` is defined twice", "{kind} `{id}` 定义了两次"),
    label=Phrase("defined again here", "这里再次定义"),
    note=Phrase("ids are unique in the whole project", "标识在整个项目中唯一"),
    help=Phrase("rename one of the two", "请给其中一个改名"))
AMBIGUOUS_NAME = Code(
    "CX207", "ambiguous-name",
    Phrase("`{name}` can mean more than one thing: {meanings}", "`{name}` 有多种含义：{meanings}"),
    label=Phrase("which one is meant is open", "不清楚指哪一个"),
    help=Phrase("rename one of them", "请给其中一个改名"))
BARE_COLUMN = Code(
    "CX208", "bare-column",
    Phrase("the column `{name}` stands without its source", "列 `{name}` 前面缺少数据源"),
    label=Phrase("a column of `{source}`", "`{source}` 的一列"),
    note=Phrase("two sources may have columns of one name", "两个数据源可能有同名的列"),
    help=Phrase("write `{source}.{name}`", "请写成 `{source}.{name}`"))
CYCLE = Code(
    "CX209", "cycle",
    Phrase("indicators depend on each other in a circle: {path}", "指标循环依赖：{path}"),
    label=Phrase("leads back to where it began", "又回到起点"),
    note=Phrase("an indicator is computed after everything below it", "指标要在它下面的一切算完之后才能计算"),
    help=Phrase("remove one of the references in the circle", "请去掉循环中的一处引用"))
WRONG_ARGUMENT_COUNT = Code(
    "CX210", "wrong-argument-count",
    Phrase("`{function}` takes {expected}, found {found}", "`{function}` 需要 {expected} 个参数，实际有 {found} 个"),
    label=Phrase("takes {expected}", "需要 {expected} 个参数"))
UNKNOWN_OPTION = Code(
    "CX211", "unknown-option",
    Phrase("`{function}` has no option `{option}`", "`{function}` 没有选项 `{option}`"),
    label=Phrase("no such option", "没有这个选项"),
    note=Phrase("in an argument `name = value` sets an option", "参数中的 `名称 = 值` 表示设置选项"))
TWO_SOURCES = Code(
    "CX212", "two-sources",
    Phrase("`{function}` reads two sources at once: `{first}` and `{second}`",
           "`{function}` 同时读取两个数据源：`{first}` 和 `{second}`"),
    label=Phrase("one aggregate, two sources", "一个聚合，两个数据源"),
    note=Phrase("rows of two sources do not belong together one by one", "两个数据源的行并不一一对应"),
    help=Phrase("aggregate each source by itself and divide: `ratio(count({first}), count({second}))`",
                "请先分别聚合再相除：`ratio(count({first}), count({second}))`"))
NESTED_AGGREGATE = Code(
    "CX213", "nested-aggregate",
    Phrase("`{inner}` stands inside `{outer}`", "`{inner}` 嵌套在 `{outer}` 中"),
    label=Phrase("already one number", "这里已经是一个数"),
    note=Phrase("an aggregate turns rows into one number; there are no rows left to aggregate again",
                "聚合把多行变成一个数，之后没有行可以再聚合"),
    help=Phrase("use one aggregate over the rows", "请只对行聚合一次"))
COLUMN_OUTSIDE_AGGREGATE = Code(
    "CX214", "column-outside-aggregate",
    Phrase("the column `{name}` stands outside an aggregate", "列 `{name}` 在聚合之外"),
    label=Phrase("many rows, where one number is wanted", "这里需要一个数，而列有许多行"),
    help=Phrase("say how the rows become one number, such as `mean({name})`",
                "请说明如何把多行变成一个数，例如 `mean({name})`"))
INDICATOR_IN_AGGREGATE = Code(
    "CX215", "indicator-in-aggregate",
    Phrase("the indicator `{name}` stands inside an aggregate", "指标 `{name}` 出现在聚合中"),
    label=Phrase("an indicator is one number, not rows", "指标是一个数，不是多行"),
    help=Phrase("use the indicator outside the aggregate, or a column inside it",
                "请把指标放在聚合之外，或在聚合中使用列"))
UNKNOWN_TEMPLATE = Code(
    "CX216", "unknown-template",
    Phrase("unknown template `{name}`", "未知的模板 `{name}`"),
    label=_NOT_DEFINED,
    help=Phrase("define `{name}` under `templates`", "请在 `templates` 下定义 `{name}`"))
UNKNOWN_PARAMETER = Code(
    "CX217", "unknown-parameter",
    Phrase("unknown parameter `{name}`", "未知的参数 `{name}`"),
    label=Phrase("not a parameter here", "此处没有这个参数"),
    note=Phrase("parameters are named in the template's head or under `for`", "参数写在模板的开头或 `for` 之下"))
OPTION_VALUE = Code(
    "CX218", "option-value",
    Phrase("the option `{option}` takes {expected}", "选项 `{option}` 的值应为 {expected}"),
    label=Phrase("expected {expected}", "此处应为 {expected}"))
CLAUSE_NOT_ALLOWED = Code(
    "CX219", "clause-not-allowed",
    Phrase("`{function}` takes no `{clause}`", "`{function}` 不能带 `{clause}`"),
    label=Phrase("not here", "不能写在这里"),
    note=Phrase("`where`, `over` and `at end` choose rows; only aggregates read rows",
                "`where`、`over` 和 `at end` 用来选行，只有聚合才读取行"),
    help=Phrase("move it into the aggregate", "请移到聚合中"))
SOURCE_AS_VALUE = Code(
    "CX220", "source-as-value",
    Phrase("the source `{name}` stands where a value is wanted", "此处需要值，而 `{name}` 是数据源"),
    label=Phrase("all rows of a source", "一个数据源的所有行"),
    help=Phrase("count its rows with `count({name})`, or name one of its columns",
                "可用 `count({name})` 计数，或写出其中一列"))
UNKNOWN_LITERAL_UNIT = Code(
    "CX221", "unknown-literal-unit",
    Phrase("unknown unit `{unit}` after a number", "数字后面的单位 `{unit}` 未知"),
    label=Phrase("no such unit", "没有这个单位"),
    help=Phrase("known are `%`, `ms`, `s`, `min`, `h`, `d`, `week`, `month`, and currencies such as `CNY`",
                "可用 `%`、`ms`、`s`、`min`、`h`、`d`、`week`、`month`，以及 `CNY` 等货币"))
NO_CHILDREN_NO_FORMULA = Code(
    "CX222", "no-children-no-formula",
    Phrase("the indicator `{id}` has neither a formula nor children", "指标 `{id}` 既没有公式也没有下级指标"),
    label=Phrase("nothing to compute", "没有可计算的内容"),
    help=Phrase("add `formula` for a factor, or `children` for a composite",
                "因子请加 `formula`，复合指标请加 `children`"))
FORMULA_AND_CHILDREN = Code(
    "CX223", "formula-and-children",
    Phrase("the indicator `{id}` has a formula and children", "指标 `{id}` 同时有公式和下级指标"),
    label=Phrase("which one gives the value is open", "不清楚由哪一个得出数值"),
    help=Phrase("keep one of the two; `combine` takes a formula over the children",
                "请保留其一；对下级指标的公式可写在 `combine` 中"))
CYCLE_OF_COLUMNS = Code(
    "CX224", "cycle-of-columns",
    Phrase("derived columns depend on each other in a circle: {path}", "派生列循环依赖：{path}"),
    label=Phrase("leads back to where it began", "又回到起点"),
    help=Phrase("write one of them in terms of columns that are read", "请让其中一列只用读入的列来计算"))
NO_ROWS_NAMED = Code(
    "CX225", "no-rows-named",
    Phrase("`{function}` names no source", "`{function}` 没有指明数据源"),
    label=Phrase("of which rows is open", "不清楚是哪些行"),
    note=Phrase("an aggregate reads the rows of one source, known by the columns it names",
                "聚合读取一个数据源的行，由其中出现的列得知"),
    help=Phrase("name a column, such as `{function}(answers.score)`", "请写出一列，例如 `{function}(answers.score)`"))
SECRET_COLUMN = Code(
    "CX226", "secret-column",
    Phrase("the column `{name}` of `{source}` is class C3 and cannot be used", "`{source}` 的列 `{name}` 属于 C3 级，不能使用"),
    label=Phrase("credentials and biometrics stay out of indicators", "鉴别信息与生物特征不进入指标"),
    note=Phrase("C3 holds passwords, keys and biometrics (JR/T 0171-2020)", "C3 级为口令、密钥、生物特征等（JR/T 0171-2020）"),
    help=Phrase("use another column, or correct its `class`", "请改用其他列，或更正它的 `class`"))
