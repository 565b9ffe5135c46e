"""CX2xx: names and what they stand for."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

SIMILAR_NAME = Phrase("this one has a similar name", "这个名称与之相近")
FIRST_DEFINED = Phrase("first defined here", "第一次定义在这里")
DEFINED_HERE = Phrase("defined here", "定义在这里")
VARIABLE_HERE = Phrase("this variable", "这个变量")

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
OF_ANOTHER_SOURCE = Phrase("write `{other}.{name}`, or declare it under the `columns` of `{source}`",
                           "请写 `{other}.{name}`，或在 `{source}` 的 `columns` 下声明它")
UNKNOWN_FUNCTION = Code(
    "CX204", "unknown-function",
    Phrase("unknown function `{name}`", "未知的函数 `{name}`"),
    label=Phrase("no such function", "没有这个函数"),
    help=Phrase("`cxmetrics explain` with the name of a function explains it; `grammar/formulas.md` lists them all",
                "可用 `cxmetrics explain 函数名` 查看说明；全部函数见 `grammar/formulas.md`"))
SAID_AS = Phrase("write it like `{said}`", "请写成类似 `{said}` 的形式")
NO_ZERO = Phrase("leave it out: a division by zero is missing", "可直接省去：除以零即为缺失")
AS_QUANTILE = Phrase("write `quantile(x, {part})`", "请写 `quantile(x, {part})`")
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
    Phrase("wrong number of arguments for `{function}`: {found}, not {expected}",
           "`{function}` 的参数个数不对：{found}，应为 {expected}"),
    label=Phrase("arguments here: {found}", "此处的参数个数：{found}"),
    help=Phrase("look at `cxmetrics explain {function}`", "请参看 `cxmetrics explain {function}`"))
AS_IN = Phrase("write it as in `{example}`", "写法例如 `{example}`")
UNKNOWN_OPTION = Code(
    "CX211", "unknown-option",
    Phrase("`{function}` has no option `{option}`", "`{function}` 没有选项 `{option}`"),
    label=Phrase("no such option", "没有这个选项"),
    note=Phrase("in an argument `name = value` sets an option", "参数中的 `名称 = 值` 表示设置选项"),
    help=Phrase("it has: {known}", "它的选项有：{known}"))
TWO_SOURCES = Code(
    "CX212", "two-sources",
    Phrase("{function} reads two sources at once: `{first}` and `{second}`",
           "{function}同时读取两个数据源：`{first}` 和 `{second}`"),
    label=Phrase("one aggregate, two sources", "一个聚合，两个数据源"),
    note=Phrase("rows of two sources do not belong together one by one", "两个数据源的行并不一一对应"),
    help=Phrase("aggregate each source by itself and divide: `ratio(count({first}), count({second}))`",
                "请先分别聚合再相除：`ratio(count({first}), count({second}))`"))
NESTED_AGGREGATE = Code(
    "CX213", "nested-aggregate",
    Phrase("`{inner}` stands inside {outer}", "`{inner}` 嵌套在{outer}中"),
    label=Phrase("already one number", "这里已经是一个数"),
    note=Phrase("an aggregate turns rows into one number; an average of averages would weigh 3 rows like 3,000",
                "聚合把多行变成一个数；平均数的平均会让 3 行与 3000 行权重相同"),
    help=Phrase("use one aggregate over the rows", "请只对行聚合一次"))
COLUMN_OUTSIDE_AGGREGATE = Code(
    "CX214", "column-outside-aggregate",
    Phrase("the column `{name}` stands outside an aggregate", "列 `{name}` 在聚合之外"),
    label=Phrase("many rows, where one number is wanted", "这里需要一个数，而列有许多行"),
    help=Phrase("say how the rows become one number, such as `mean({name})`",
                "请说明如何把多行变成一个数，例如 `mean({name})`"))
ROW_FUNCTION_OUTSIDE = Code(
    "CX251", "row-function-outside",
    Phrase("`{function}` stands outside an aggregate", "`{function}` 在聚合之外"),
    label=Phrase("a function of the values of one row", "这是对单行取值的函数"),
    help=Phrase("put it inside one: `{example}`", "请写在聚合之内：`{example}`"))
SAID_BEFORE = Phrase("named here already", "此处已经写过")
KEY_OF_ANOTHER_TYPE = Code(
    "CX265", "key-of-another-type",
    Phrase("`{key}` says nothing of a column of type {type}", "`{key}` 对类型为 {type} 的列没有意义"),
    label=Phrase("belongs to columns of type {types}", "用于类型为 {types} 的列"),
    help=Phrase("correct the `type`, or leave `{key}` out", "请更正 `type`，或删去 `{key}`"))
ITEM_TWICE = Code(
    "CX252", "item-twice",
    Phrase("`{function}` takes the same item twice", "`{function}` 中同一项出现两次"),
    label=Phrase("again", "重复"),
    note=Phrase("what is held against itself agrees with itself, whatever the rows say", "与自身比较总是一致，与数据无关"),
    help=Phrase("name another column, or leave it out", "请改为另一列，或删去"))
LIST_OUTSIDE = Code(
    "CX253", "list-outside",
    Phrase("a list stands where one value is wanted", "需要单个值的地方写了列表"),
    label=Phrase("several values", "多个值"),
    help=Phrase("a list stands behind `in`: `answers.channel in ['app', 'web']`",
                "列表写在 `in` 之后：`answers.channel in ['app', 'web']`"))
INDICATOR_IN_AGGREGATE = Code(
    "CX215", "indicator-in-aggregate",
    Phrase("the indicator `{name}` stands inside an aggregate", "指标 `{name}` 出现在聚合中"),
    label=Phrase("an indicator is one number, not rows", "指标是一个数，不是多行"),
    note=Phrase("an average of averages would weigh 3 rows like 3,000", "平均数的平均会让 3 行与 3000 行权重相同"),
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
    note=Phrase("parameters are named in the template's head or under `for`", "参数写在模板的开头或 `for` 之下"),
    help=Phrase("name it in the head of the template or under `for`, or correct the name", "请在模板头部或 `for` 下声明，或更正名称"))
OPTION_VALUE = Code(
    "CX218", "option-value",
    Phrase("the option `{option}` takes {expected}", "选项 `{option}` 的值应为 {expected}"),
    label=Phrase("means nothing here", "在此没有意义"),
    help=Phrase("correct the value", "请更正取值"))
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
    help=Phrase("known are `%`, `ms`, `s`, `min`, `h`, `d`, `week`, and currencies such as `CNY`",
                "可用 `%`、`ms`、`s`、`min`、`h`、`d`、`week`，以及 `CNY` 等货币"))
ONLY_OF_WINDOWS = Phrase("`{unit}` is a span of the calendar, for windows: `prior(x, 1 month)`, `over 3 month`",
                         "`{unit}` 是日历跨度，只用于窗口：`prior(x, 1 month)`、`over 3 month`")
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
RULE_WITHOUT_CHILDREN = Code(
    "CX263", "rule-without-children",
    Phrase("`{rule}` stands on an indicator that has a formula and no children", "`{rule}` 写在只有公式、没有下级的指标上"),
    label=Phrase("there are no children to speak of", "没有下级可言"),
    note=Phrase("a formula alone says what it comes to, also where something is missing",
                "公式本身就决定结果，包括有缺失时的结果"),
    help=Phrase("take it out, or name `children` and write the formula under `combine`",
                "请删去，或写明 `children` 并把公式写在 `combine` 下"))
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
UNKNOWN_EXPECTATION = Code(
    "CX227", "unknown-expectation",
    Phrase("`{name}` is neither a dimension nor a measure", "`{name}` 既不是维度，也不是可以检验的数值"),
    label=Phrase("nothing to compare", "没有可比较的内容"),
    note=Phrase("an expected row says its slice by dimensions, and what comes out by measures",
                "预期的一行用维度指明切片，用数值列写出结果"),
    help=Phrase("known are: {known}", "可用的有：{known}"))
GIVEN_DERIVED = Code(
    "CX228", "given-derived",
    Phrase("the column `{name}` of `{source}` is computed and cannot be given", "`{source}` 的列 `{name}` 由公式得出，不能直接给值"),
    label=Phrase("has a formula", "这一列有公式"),
    note=Phrase("a test proves the formulas of columns too", "测试也要检验列的公式"),
    help=Phrase("give the columns it is computed from", "请给出公式用到的列"))
ROW_LENGTH = Code(
    "CX229", "row-length",
    Phrase("a row of {found} values stands under {expected} columns", "一行有 {found} 个值，而列有 {expected} 个"),
    label=Phrase("this row", "这一行"),
    help=Phrase("write `null` for a value that is missing", "缺失的值请写 `null`"))
RESERVED_NAME = Code(
    "CX230", "reserved-name",
    Phrase("a dimension cannot be called `{id}`", "维度不能叫 `{id}`"),
    label=Phrase("the name of a column of the results", "这是结果表中的列名"),
    note=Phrase("results have a column for each dimension beside their own, and tests of metrics name both",
                "结果表除自身的列外，每个维度各占一列；指标测试中也会用到这些名称"),
    help=Phrase("take another name, such as `{id}_name`, and name its column under the `dimensions` of the source",
                "请换一个名称，例如 `{id}_name`，并在数据源的 `dimensions` 下指明对应的列"))
CYCLE_OF_DIMENSIONS = Code(
    "CX231", "cycle-of-dimensions",
    Phrase("dimensions lie within each other in a circle: {path}", "维度的从属关系成了循环：{path}"),
    label=Phrase("leads back to where it began", "又回到起点"),
    note=Phrase("a branch lies within a region; the region cannot lie within the branch",
                "网点属于分行，分行就不能再属于网点"),
    help=Phrase("remove one `within` of the circle", "请去掉循环中的一处 `within`"))
MISSING_ARGUMENT = Code(
    "CX240", "missing-argument",
    Phrase("the template `{template}` is used without `{parameter}`", "使用模板 `{template}` 时没有给出 `{parameter}`"),
    label=Phrase("`{parameter}` is not given", "没有给出 `{parameter}`"),
    note=Phrase("a parameter without a default is given at every use", "没有默认值的参数每次使用都要给出"),
    help=Phrase("write `{parameter} = …`, or give it a default in the template's head",
                "请写 `{parameter} = …`，或在模板开头给出默认值"))
REPEATED_PARAMETER = Code(
    "CX241", "repeated-parameter",
    Phrase("the parameter `{name}` stands twice", "参数 `{name}` 出现两次"),
    label=Phrase("again here", "这里再次出现"),
    note=Phrase("which of the two holds is open", "不清楚以哪一个为准"),
    help=Phrase("keep one of the two", "请保留其中一个"))
TEMPLATE_HEAD = Code(
    "CX242", "template-head",
    Phrase("`{head}` is not the head of a template", "`{head}` 不是模板的开头"),
    label=Phrase("a name and its parameters are wanted here", "此处应为名称和参数"),
    help=Phrase("write a name and its parameters, such as `page_speed(page, good = 2.5 s)`",
                "请写名称和参数，例如 `page_speed(page, good = 2.5 s)`"))
ARGUMENT_KIND = Code(
    "CX243", "argument-kind",
    Phrase("a formula stands where the argument `{parameter}` is wanted", "参数 `{parameter}` 的值不能是公式"),
    label=Phrase("more than one value", "不是单个值"),
    note=Phrase("an argument is a number with its unit, text, a date, a name, a range, or a list of such values",
                "参数的值可以是带单位的数字、文本、日期、名称、范围，或由这些值组成的列表"),
    help=Phrase("define an indicator with the formula, and give its id", "请把公式定义为指标，再给出它的标识"))
PARAMETER_NOT_A_NAME = Code(
    "CX244", "parameter-not-a-name",
    Phrase("`{name}` is a part of a name, and `{found}` cannot be one", "`{name}` 是名称的一部分，而 `{found}` 不能用作名称"),
    label=Phrase("a name is wanted here", "此处需要名称"),
    note=Phrase("parameters are put in as values with a type, never as pieces of text",
                "参数按带类型的值代入，从不拼接文本"),
    help=Phrase("give a name without quotes", "请给出不带引号的名称"))
CIRCLE_OF_TEMPLATES = Code(
    "CX245", "circle-of-templates",
    Phrase("templates use each other in a circle: {path}", "模板循环引用：{path}"),
    label=Phrase("leads back to where it began", "又回到起点"),
    note=Phrase("expanding them would never end", "这样展开永远不会结束"),
    help=Phrase("remove one of the uses in the circle", "请去掉循环中的一处引用"))
ID_WITHOUT_VARIABLE = Code(
    "CX246", "id-without-variable",
    Phrase("the id `{id}` does not name the variable `{variable}` of its `for`",
           "标识 `{id}` 没有写出 `for` 的变量 `{variable}`"),
    label=Phrase("one id for several indicators", "多个指标共用一个标识"),
    note=Phrase("each value of the variable makes an indicator with an id of its own", "变量的每个值产生一个指标，各有自己的标识"),
    help=Phrase("write `{variable}` in braces in the id", "请在标识中用花括号写出 `{variable}`"))
NOT_A_SPAN = Code(
    "CX255", "not-a-span",
    Phrase("a span of days is wanted here", "此处需要一段日期跨度"),
    label=Phrase("no span of whole days", "不是以整天计的跨度"),
    note=Phrase("windows are made of whole days, and of days that have been: states are kept by day",
                "窗口由已经过去的整天组成，因为状态按天保存"),
    help=Phrase("write a whole number and `d`, `week`, `month`, `quarter` or `year`, such as `28 d` or `3 month`",
                "请写整数和 `d`、`week`、`month`、`quarter` 或 `year`，例如 `28 d` 或 `3 month`"))
SPAN_OUT_OF_RANGE = Code(
    "CX256", "span-out-of-range",
    Phrase("{found} is out of range", "跨度 {found} 超出范围"),
    label=Phrase("from 1 up to {longest}", "应在 1 到 {longest} 之间"),
    note=Phrase("a window looks at one day at least, and goes back ten years at most", "窗口至少一天，最多回溯十年"),
    help=Phrase("take a span from 1 up to {longest}", "请取 1 到 {longest} 之间的跨度"))
WINDOW_IN_ROWS = Code(
    "CX257", "window-in-rows",
    Phrase("`{function}` stands inside an aggregate", "`{function}` 写在了聚合里面"),
    label=Phrase("a row is of one day only", "一行只属于一天"),
    note=Phrase("windows choose the days whose rows an aggregate takes", "窗口选择聚合要用哪些天的行"),
    help=Phrase("put it around the aggregate: `prior(mean(x), 1 month)`", "请写在聚合外面：`prior(mean(x), 1 month)`"))
COLUMN_TWICE = Code(
    "CX270", "column-twice",
    Phrase("the source has two columns `{name}`", "数据源有两个列 `{name}`"),
    label=Phrase("again here", "这里再次出现"),
    note=Phrase("formulas name a column by the source and its name, whichever table it comes from",
                "公式用数据源和列名来指明一列，不论它来自哪张表"),
    help=Phrase("give one of them another name, and say its name in the table with `column`",
                "请给其中一列换个名称，并用 `column` 写明它在表中的名称"))
CYCLE_OF_LOOKUPS = Code(
    "CX271", "cycle-of-lookups",
    Phrase("columns are looked up by each other in a circle: {path}", "列之间循环查找：{path}"),
    label=Phrase("leads back to where it began", "又回到起点"),
    help=Phrase("let one of the lookups stand `on` a column of the source's own files",
                "请让其中一个查找的 `on` 使用数据源文件自己的列"))
FIRST_END = Phrase("here it is the first moment out of it", "这里指失效的第一个时刻")
TWO_ENDS = Code(
    "CX262", "two-ends",
    Phrase("a table has both `valid_to` and `valid_until`", "一张表同时写了 `valid_to` 和 `valid_until`"),
    label=Phrase("here it is the last day in it", "这里指有效的最后一天"),
    note=Phrase("both say when a row of the table ends to hold, a day apart", "两者都说明一行何时失效，含义相差一天"),
    help=Phrase("keep the one that says how the table is written", "请只保留与表中写法一致的那一个"))
TIME_NOT_READ = Code(
    "CX272", "time-not-read",
    Phrase("`{key}` takes a column of the files, and `{name}` is made from others",
           "`{key}` 需要文件中的列，而 `{name}` 由其他列得出"),
    label=Phrase("derived, or looked up", "派生或查找得到的列"),
    note=Phrase("which days a file holds is told before anything is computed", "文件含有哪些日期，在计算之前就要知道"),
    help=Phrase("name the column it is made from", "请写出它所依据的列"))
ARRIVAL_UNKNOWN = Code(
    "CX278", "arrival-unknown",
    Phrase("`{key}` compares the time of a row with when it was received, and the source does not have both",
           "`{key}` 要比较行的时间与接收时间，而该数据源并非两者俱全"),
    label=Phrase("the source has only one of the two", "数据源只有其中之一"),
    help=Phrase("name the columns of both: `time: sent_at`, `received: received_at`",
                "请写明两列：`time: sent_at`、`received: received_at`"))
WHOSE_STEPS = Code(
    "CX250", "whose-steps",
    Phrase("a conversion of `{source}` does not say whose steps belong together", "`{source}` 的转化没有写明哪些步骤属于同一主体"),
    label=Phrase("whose steps?", "谁的步骤？"),
    note=Phrase("steps follow each other within a session, or for one customer", "步骤在同一会话或同一客户内先后发生"),
    help=Phrase("write `by = {source}.session_id`, or name the `entity` of the source",
                "请写 `by = {source}.session_id`，或为数据源指明 `entity`"))
SCALE_BEFORE = Phrase("the scale before it", "在它之前的量表")
SCALES_WITHOUT_SCALE = Code(
    "CX274", "scales-without-scale",
    Phrase("`{name}` has scales of the past and none of today", "`{name}` 有过去的量表，却没有现在的量表"),
    label=Phrase("brought to which scale?", "换算到哪个量表？"),
    note=Phrase("all answers are brought to the scale of today", "所有回答都换算到现在的量表"),
    help=Phrase("add it beside them, such as `scale: 0..10`", "请在旁边写明，例如 `scale: 0..10`"))
SCALES_OUT_OF_ORDER = Code(
    "CX275", "scales-out-of-order",
    Phrase("the scales of a column are written in the order of their days, found {day} after {before}",
           "列的各个量表应按日期先后书写，实际是 {before} 之后写了 {day}"),
    label=Phrase("expected a later day", "此处应为更晚的日期"),
    note=Phrase("a scale holds from the day after the one before it up to its own `until`",
                "每个量表自前一个量表的次日起，到自己的 `until` 为止"),
    help=Phrase("write the oldest scale first, each with its last day", "请从最早的量表写起，并写明各自的最后一天"))
CODE_TWICE = Code(
    "CX273", "code-twice",
    Phrase("the code `{text}` stands under `{first}` and under `{key}`", "代码 `{text}` 同时写在 `{first}` 和 `{key}` 下"),
    label=Phrase("which of the two it means is open", "不清楚是哪一种"),
    note=Phrase("who was not asked is left out of a response rate, who skipped is not",
                "未被问及者不计入应答率，跳过者计入"),
    help=Phrase("keep it in one of the lists", "请只保留在其中一处"))
ANSWERS_NOT_TOLD = Code(
    "CX276", "answers-not-told",
    Phrase("column `{column}` does not tell who was asked", "列 `{column}` 没有说明问到了谁"),
    label=Phrase("cannot be told from its values", "从它的取值看不出"),
    note=Phrase("a cell is empty because the question was not put, or because it was not answered",
                "单元格为空，可能是没问到，也可能是问到未答"),
    help=Phrase("declare the codes with `not_asked` and `skipped`, and what an empty cell says with `empty`",
                "请用 `not_asked` 和 `skipped` 声明代码，并用 `empty` 说明空单元格的含义"))
