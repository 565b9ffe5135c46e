"""CX0xx: files and their YAML."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

FIRST_HERE = Phrase("first written here", "第一次写在这里")
KNOWN_KEYS = Phrase("known here: {known}", "此处可用：{known}")

BLANK_BEHIND_COLON = Phrase("a blank belongs behind the colon", "冒号后面要有空格")
IN_BRACKETS_HERE = Phrase("a list of one stands in brackets too", "只有一项的列表也要加方括号")
KEYS_BELOW = Phrase("write keys below `{key}`, as in `{key}: {{formula: count(txn)}}`",
                    "请在 `{key}` 下写各个键，例如 `{key}: {{formula: count(txn)}}`")
CHILDREN_BELOW = Phrase("write the children with their weights, as in `children: {{login: 40%, transfer: 60%}}`",
                        "请写下级与权重，例如 `children: {{login: 40%, transfer: 60%}}`")
NAMES_ARE_KEYS = Phrase("names are keys here: `success: {{formula: …}}`, without `- ` before them",
                        "这里的名称是键：`success: {{formula: …}}`，前面不加 `- `")

NOT_YAML = Code(
    "CX001", "not-yaml",
    Phrase("the file cannot be read as YAML: {problem}", "文件不能按 YAML 读取：{problem}"),
    label=Phrase("noticed here", "在此处发现"),
    help=Phrase("check indentation, colons and quotes at this place and just before it",
                "请检查此处及其前面的缩进、冒号和引号"))
UNKNOWN_KEY = Code(
    "CX002", "unknown-key",
    Phrase("unknown key `{key}` in {place}", "{place} 中有未知的键 `{key}`"),
    label=Phrase("no such key here", "此处没有这个键"),
    help=KNOWN_KEYS)
REPEATED_KEY = Code(
    "CX003", "repeated-key",
    Phrase("the key `{key}` stands twice in one map", "键 `{key}` 在同一个映射中出现两次"),
    label=Phrase("again here", "这里再次出现"),
    note=Phrase("of two equal keys one would be lost without a word", "两个相同的键，其中一个会被悄悄丢掉"),
    help=Phrase("keep one of the two, or rename one", "保留其中一个，或改名"))
WRONG_SHAPE = Code(
    "CX004", "wrong-shape",
    Phrase("expected a {expected}, found a {found}", "此处应为{expected}，实际是{found}"),
    label=Phrase("this is a {found}", "这是{found}"),
    help=Phrase("a map has lines of `key: value` under it, a list lines that begin with `- `, a text is one value",
                "映射是下面一行行的 `key: value`，列表的每行以 `- ` 开头，文本是单个值"))
MISSING_KEY = Code(
    "CX005", "missing-key",
    Phrase("the key `{key}` is missing", "缺少键 `{key}`"),
    label=Phrase("needs `{key}`", "这里需要 `{key}`"),
    help=Phrase("write `{key}` there, with its value; `cxmetrics explain {key}` says what it is for",
                "请在此补上 `{key}` 及其值；用 `cxmetrics explain {key}` 查看其含义"))
NOT_UTF8 = Code(
    "CX006", "not-utf8",
    Phrase("`{path}` is not UTF-8 text", "`{path}` 不是 UTF-8 文本"),
    note=Phrase("definitions are UTF-8, so that every machine reads the same names",
                "定义文件统一用 UTF-8，每台机器读到的名称才一致"),
    help=Phrase("save the file as UTF-8 (editors and Excel often default to GBK)",
                "请把文件另存为 UTF-8（编辑器和 Excel 常默认 GBK）"))
EMPTY_PROJECT = Code(
    "CX007", "empty-project",
    Phrase("the project defines no indicator", "项目没有定义任何指标"),
    label=Phrase("neither here nor in the files beside it", "这里和旁边的文件中都没有"),
    help=Phrase("add `sources` and `indicators`; `cxmetrics init` writes a small project that runs",
                "请加入 `sources` 和 `indicators`；`cxmetrics init` 可生成一个能运行的小项目"))
NAME_THE_FOLDER = Phrase("name the folder in place of a file in it: `{folder}`", "请写所在的文件夹，不要写其中的文件：`{folder}`")
NAME_A_PROJECT = Phrase("name a project: {projects}", "请指明项目：{projects}")
NO_FOLDER = Phrase("there is no such folder; behind a verb stands the project folder, or nothing where one is in it",
                   "没有这个文件夹；命令后面写项目文件夹，已在其中时不写")
NO_PROJECT_FILE = Code(
    "CX008", "no-project-file",
    Phrase("no `cxmetrics.yaml` in `{path}`", "`{path}` 中没有 `cxmetrics.yaml`"),
    help=Phrase("name the project folder, or make a project with `cxmetrics init`",
                "请指明项目文件夹，或用 `cxmetrics init` 新建项目"))
WRONG_VALUE = Code(
    "CX009", "wrong-value",
    Phrase("`{key}` takes {expected}, not `{found}`", "`{key}` 应为 {expected}，不是 `{found}`"),
    label=Phrase("means nothing here", "在此没有意义"),
    help=Phrase("correct the value, or leave `{key}` out where it need not be said", "请更正取值；不必写时可删去 `{key}`"))
TOO_LARGE = Code(
    "CX010", "too-large",
    Phrase("{what} is larger than the limit of {limit}", "{what} 超过上限 {limit}"),
    note=Phrase("limits keep a faulty file from taking the whole machine", "上限可避免一个有问题的文件占满整台机器"),
    help=Phrase("split it into smaller files", "请拆成几个较小的文件"))
BAD_ID = Code(
    "CX012", "bad-id",
    Phrase("`{id}` cannot be an id", "`{id}` 不能用作标识"),
    label=Phrase("not an id", "不是标识"),
    note=Phrase("formulas name things by their ids", "公式用标识来引用对象"),
    help=Phrase("use letters of any script, digits and `_`, with `.` between parts, and no digit first",
                "请使用任意文字的字母、数字和 `_`，各部分用 `.` 隔开，且不以数字开头"))
MANY_DOCUMENTS = Code(
    "CX013", "many-documents",
    Phrase("the file holds more than one YAML document", "一个文件中有多个 YAML 文档"),
    label=Phrase("a second document begins here", "第二个文档从这里开始"),
    help=Phrase("remove `---`, or move what follows to a file of its own",
                "请删去 `---`，或把后面的内容移到单独的文件"))
UNREADABLE_FILE = Code(
    "CX014", "unreadable-file",
    Phrase("`{path}` cannot be read: {reason}", "无法读取 `{path}`：{reason}"),
    label=Phrase("nothing is read from here", "这里读不到内容"),
    help=Phrase("look at the rights and the place of the file", "请检查文件的权限与位置"))
FROM_THE_PROJECT = Phrase("put the file there, or correct the path, which counts from the project folder",
                          "请把文件放到那里，或更正路径；路径从项目文件夹算起")
PATH_OUTSIDE = Code(
    "CX015", "path-outside",
    Phrase("`{path}` lies outside the project folder", "`{path}` 在项目文件夹之外"),
    label=Phrase("leads out of the project", "指向项目之外"),
    note=Phrase("definitions may come from anywhere, so they reach only what lies beside them",
                "定义可能来自任何地方，因此只能读取项目内的文件"),
    help=Phrase("move the file into the project folder", "请把文件移到项目文件夹内"))
READS_STORE = Code(
    "CX034", "reads-store",
    Phrase("`{read}` reads what runs write into the store, `{store}`", "`{read}` 会读到运行写入存储 `{store}` 的文件"),
    label=Phrase("takes in the store", "包括了存储"),
    note=Phrase("a run would take the results of the one before for rows", "运行会把上一次的结果当作数据"),
    help=Phrase("name the folder of the data first, or let `store` name a folder of its own",
                "请先写明数据所在的文件夹，或用 `store` 另指定一个专用文件夹"))
MOVE_OR_OPEN = Phrase(
    "move the data into the project folder, or let whoever runs it name their folder in {variable}",
    "请把数据移到项目文件夹内，或由运行者在 {variable} 中写明其所在文件夹")
NOT_A_NUMBER = Code(
    "CX016", "not-a-number",
    Phrase("expected a number, found `{found}`", "此处应为数字，实际是 `{found}`"),
    label=Phrase("not a number", "不是数字"),
    help=Phrase("write digits, with a point before decimals: `0.5`", "请写数字，小数用点：`0.5`"))
UNKNOWN_TAG = Code(
    "CX017", "unknown-tag",
    Phrase("the YAML tag `{tag}` has no meaning here", "YAML 标签 `{tag}` 在此没有意义"),
    label=Phrase("this tag", "这个标签"),
    note=Phrase("types follow from the key, never from a tag", "类型由键决定，不由标签决定"),
    help=Phrase("remove the tag, or quote the text if `!` belongs to it", "请删去标签；若 `!` 属于文本，请加引号"))
UNKNOWN_LIBRARY = Code(
    "CX030", "unknown-library",
    Phrase("unknown library `{name}`", "未知的库 `{name}`"),
    label=Phrase("no such library", "没有这个库"),
    note=Phrase("a library ships with cxmetrics, or is a folder of the project with a `cxmetrics.yaml`",
                "库随 cxmetrics 提供，或是项目中含有 `cxmetrics.yaml` 的文件夹"),
    help=Phrase("known are: {known}", "可用的有：{known}"))
CIRCLE_OF_LIBRARIES = Code(
    "CX031", "circle-of-libraries",
    Phrase("libraries import each other in a circle: {path}", "库循环引入：{path}"),
    label=Phrase("leads back to where it began", "又回到起点"),
    help=Phrase("remove one of the imports in the circle", "请去掉循环中的一处引入"))
NOT_LAID_OUT = Code(
    "CX018", "not-laid-out",
    Phrase("`{path}` was left as it is: laid out it would say something else", "`{path}` 未改动：重新排版会改变它的含义"),
    note=Phrase("what is laid out is read again and held against the file before anything is written",
                "写入之前会重新读取排版结果并与原文件比较"),
    help=Phrase("this is a fault of cxmetrics; please report the file", "这是 cxmetrics 的缺陷，请附上该文件报告"))
NO_LANGUAGE = Code(
    "CX019", "no-language",
    Phrase("`{key}` is no language", "`{key}` 不是语言"),
    label=Phrase("expected `en`, `zh` or another code of a language", "此处应为 `en`、`zh` 或其他语言代码"),
    note=Phrase("texts in several languages stand under the codes of the languages: `{{en: Transfer, fr: Virement}}`",
                "多种语言的文字写在各自的语言代码之下：`{{zh: 转账, en: Transfer}}`"),
    help=Phrase("write the code of the language: `en`, `zh`, `fr`", "请写语言代码：`en`、`zh`、`fr`"))
REASON_BEHIND = Phrase("write the reason behind it: `{id}: …`", "请在其后写明原因：`{id}: …`")
ALLOWED_WITHOUT_REASON = Code(
    "CX032", "allowed-without-reason",
    Phrase("this allowance says no code or no reason", "这条允许没有写明代码或原因"),
    label=Phrase("allows nothing", "不起作用"),
    note=Phrase("who reads the definition later has to know why the warning was passed over",
                "以后阅读定义的人需要知道为什么忽略这个警告"),
    help=Phrase("write `# cx: allow {id} because {why}`", "请写成 `# cx: allow {id} because {why}`"))
ALLOWS_NOTHING = Code(
    "CX033", "allows-nothing",
    Phrase("there is no warning {id} here to be allowed", "这里没有需要忽略的警告 {id}"), severity="warning",
    label=Phrase("allows nothing", "不起作用"),
    note=Phrase("an allowance that is left behind would hide the next warning of its kind; errors cannot be allowed",
                "遗留的忽略注释会掩盖以后的同类警告；错误不能忽略"),
    help=Phrase("remove it; a comment goes behind the line that is warned of, or right above it",
                "请删除它；注释应写在被警告的那一行之后，或紧接其上一行"))
