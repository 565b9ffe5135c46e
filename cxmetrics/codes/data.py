"""CX7xx: what the data turn out to be at run time.  Facts never carry a value of a personal column."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

NO_FILES = Code(
    "CX701", "no-files",
    Phrase("no file matches `{pattern}` for the source `{source}`", "没有文件匹配数据源 `{source}` 的 `{pattern}`"),
    label=Phrase("matches nothing", "没有匹配"),
    note=Phrase("paths count from the project folder", "路径从项目文件夹算起"),
    help=Phrase("correct the path or the pattern, or put the files there", "请更正路径或通配符，或把文件放到该处"))
FILE_UNREADABLE = Code(
    "CX702", "file-unreadable",
    Phrase("the data file `{path}` cannot be read: {problem}", "无法读取数据文件 `{path}`：{problem}"),
    help=Phrase("open it with the program that made it, and let it be delivered anew", "请用生成它的程序打开检查，并重新提供"))
COLUMN_ABSENT = Code(
    "CX703", "column-absent",
    Phrase("`{path}` has no column `{column}`, which the source `{source}` declares",
           "`{path}` 中没有数据源 `{source}` 声明的列 `{column}`"),
    label=Phrase("declared here", "在这里声明"),
    help=Phrase("correct the name, name the file's column with `column`, or ask for it in the delivery",
                "请更正名称，用 `column` 指明文件中的列名，或请数据方补上"))
COLUMN_TYPE = Code(
    "CX704", "column-type",
    Phrase("the column `{column}` holds {found}, declared as {expected}",
           "列 `{column}` 的内容是 {found}，声明为 {expected}"),
    label=Phrase("declared here", "在这里声明"),
    help=Phrase("correct `type`, or the data", "请更正 `type` 或数据"))
COLUMN_ALL_NULL = Code(
    "CX705", "column-all-null",
    Phrase("the column `{column}` of `{source}` is empty in every row", "`{source}` 的列 `{column}` 每一行都为空"),
    label=Phrase("declared here", "在这里声明"),
    note=Phrase("indicators over it are missing, not 0", "基于它的指标为缺失，而不是 0"),
    help=Phrase("ask whoever delivers the data; a column that is always empty need not be declared",
                "请询问数据提供方；始终为空的列不必声明"))
ALL_ROWS_REJECTED = Code(
    "CX706", "all-rows-rejected",
    Phrase("every row of `{source}` was rejected: {reason}", "`{source}` 的每一行都被拒收：{reason}"),
    label=Phrase("this source", "这个数据源"),
    help=Phrase("compare the declared types, scales and values with the data",
                "请核对声明的类型、量表、取值与数据是否一致"))
TOO_MANY_BAD = Code(
    "CX707", "too-many-bad",
    Phrase("{share} of the rows of `{source}` on {days} are bad, more than {limit}",
           "`{source}` 在 {days} 有 {share} 的行不合约定，超过 {limit}"),
    label=Phrase("limit {limit}", "上限 {limit}"),
    note=Phrase("nothing of it was taken in", "没有采用它的任何内容"),
    help=Phrase("mend the data, or raise `max_bad` if this is known", "请修正数据；若情况已知，可提高 `max_bad`"))
RAGGED_LINE = Code(
    "CX708", "ragged-line",
    Phrase("line {line} of `{path}` has {found} fields, not {expected}",
           "`{path}` 第 {line} 行有 {found} 个字段，应为 {expected} 个"),
    help=Phrase("look for a separator or a quote inside a field", "请检查字段内是否有分隔符或引号"))
ENCODING = Code(
    "CX709", "encoding",
    Phrase("`{path}` cannot be read as text, from byte {offset} on",
           "`{path}` 从第 {offset} 字节起无法按文本读取"),
    help=Phrase("save the file as UTF-8", "请把文件另存为 UTF-8"))
EMPTY_FILE = Code(
    "CX710", "empty-file",
    Phrase("the data file `{path}` is empty", "数据文件 `{path}` 是空的"),
    note=Phrase("not even a header: most often a delivery that broke off", "连表头都没有，多半是传输中断"),
    help=Phrase("let it be delivered anew, or take it away", "请重新提供该文件，或将其移走"))
LOOKUP_NOT_UNIQUE = Code(
    "CX711", "lookup-not-unique",
    Phrase("the lookup key `{key}` is not unique: {value}", "查找表的键 `{key}` 不唯一：{value}"),
    label=Phrase("has to be unique", "必须唯一"),
    note=Phrase("a row that finds two partners would be counted twice", "一行对应两条记录就会被重复计数"),
    help=Phrase("remove the double rows from the lookup",
                "请在查找表中去掉重复的行"))
NO_ROWS = Code(
    "CX712", "no-rows",
    Phrase("the source `{source}` has no rows", "数据源 `{source}` 没有任何行"),
    label=Phrase("this source", "这个数据源"),
    help=Phrase("look at the files, and at what `keep` leaves of them", "请检查文件以及 `keep` 留下的行"))
TIME_UNREADABLE = Code(
    "CX713", "time-unreadable",
    Phrase("no time in the column `{column}` of `{source}` can be read", "`{source}` 的列 `{column}` 中没有可以读取的时间"),
    label=Phrase("declared here", "在这里声明"),
    note=Phrase("days before 1900 or after 2199 are none", "1900 年之前或 2199 年之后的日期不计"),
    help=Phrase("give the column a `format`, such as `%Y/%m/%d %H:%M`", "请为该列写明 `format`，例如 `%Y/%m/%d %H:%M`"))
SUM_OVERFLOW = Code(
    "CX714", "sum-overflow",
    Phrase("the sum of `{column}` is too large to be exact", "`{column}` 的合计过大，无法保持精确"),
    label=Phrase("this column", "这一列"),
    help=Phrase("look for codes such as 999999999 and declare them under `missing`",
                "请检查是否有 999999999 之类的代码，并列入 `missing`"))
FAIL_ON_BAD = Code(
    "CX715", "fail-on-bad",
    Phrase("a row of `{source}` is bad at `{column}`: {reason}", "`{source}` 有一行的 `{column}` 不合约定：{reason}"),
    label=Phrase("declared here", "在这里声明"),
    note=Phrase("`on_bad: fail` gives the source up at the first such row", "`on_bad: fail` 遇到第一行就放弃该数据源"),
    help=Phrase("mend the row, or choose `on_bad: reject`", "请修正该行，或改用 `on_bad: reject`"))
EMPTY_INTERVAL = Code(
    "CX716", "empty-interval",
    Phrase("no period lies between {start} and {end}", "{start} 与 {end} 之间没有任何周期"),
    note=Phrase("the first day is in the interval, the last is not", "区间含首日，不含末日"),
    help=Phrase("let the first day come before the last: `--from 2026-10-01 --to 2026-11-01`",
                "首日须早于末日：`--from 2026-10-01 --to 2026-11-01`"))
BAD_DATE = Code(
    "CX717", "bad-date",
    Phrase("`{text}` is not a date", "`{text}` 不是日期"),
    help=Phrase("write dates as `2026-10-01`", "日期请写成 `2026-10-01`"))
UNKNOWN_SLICE_COLUMN = Code(
    "CX718", "unknown-slice-column",
    Phrase("the source `{source}` cannot be split by `{name}`", "数据源 `{source}` 不能按 `{name}` 拆分"),
    label=Phrase("its rows do not say which", "其中的行没有说明属于哪一个"),
    note=Phrase("a condition asks of every row that the indicators come from", "条件须对指标所依据的每一行都能判断"),
    help=Phrase("its dimensions are: {known}; say under its `dimensions` which column it is, or ask with `--by`",
                "它的维度有：{known}；请在它的 `dimensions` 下写明是哪一列，或改用 `--by` 查询"))
FILE_CHANGED = Code(
    "CX719", "file-changed",
    Phrase("the data file `{path}` changed while it was read", "数据文件 `{path}` 在读取期间发生了变化"),
    label=Phrase("read by this source", "由这个数据源读取"),
    note=Phrase("nothing of it was taken in", "没有采用它的任何内容"),
    help=Phrase("run again when the delivery is complete", "请在文件到齐后重新运行"))
LOOKUP_VALIDITY = Code(
    "CX720", "lookup-validity",
    Phrase("{count} rows of `{lookup}` do not say from when to when they hold",
           "`{lookup}` 有 {count} 行没有说清自何时起至何时止有效"),
    label=Phrase("this table", "这张表"),
    note=Phrase("the column of a beginning or an end cannot be read as a time, or the end comes before the beginning",
                "起始列或终止列无法读作时间，或终止早于开始"),
    help=Phrase("write days as `2026-10-01`, times as `2026-10-01 22:30`; leave an open end empty",
                "日期请写成 `2026-10-01`，时间写成 `2026-10-01 22:30`；没有期限的请留空"))
LOOKUP_OVERLAP = Code(
    "CX721", "lookup-overlap",
    Phrase("two rows of `{lookup}` hold at one time for {value}", "`{lookup}` 中有两行对 {value} 同时有效"),
    label=Phrase("at any time one row of a key may hold", "同一个键在任何时候只能有一行有效"),
    note=Phrase("a row that finds two partners would be counted twice; `valid_to` is the first moment out of it, "
                "`valid_until` the last day in it", "一行对应两条记录就会被重复计数；`valid_to` 是失效的第一个时刻，"
                "`valid_until` 是有效的最后一天"),
    help=Phrase("let each row end where the next one begins", "请让每一行在下一行开始时结束"))

# --- databases -------------------------------------------------------------------------------------------------

PASSWORD_WRITTEN = Code(
    "CX740", "password-written",
    Phrase("the address of a database holds a password", "数据库地址中写有密码"),
    label=Phrase("a password is written here", "这里写有密码"),
    note=Phrase("definitions are copied, reviewed and kept for ever, so a password in them is known to many",
                "定义会被复制、评审并长期保存，写在其中的密码会被很多人看到"),
    help=Phrase("take it out (`scheme://user@host/database`), set the environment variable `{variable}`, "
                "and change the password", "请从地址中删去密码（`scheme://user@host/database`），"
                "改用环境变量 `{variable}`，并更换该密码"))
ADDRESS_UNREADABLE = Code(
    "CX741", "address-unreadable",
    Phrase("the address of a database cannot be read: expected {expected}", "无法读取数据库地址：应为 {expected}"),
    label=Phrase("this address", "这个地址"),
    help=Phrase("write `postgresql://user@host:5432/database` or `mysql://user@host:3306/database`",
                "请写成 `postgresql://user@host:5432/database` 或 `mysql://user@host:3306/database`"))
TABLE_UNKNOWN = Code(
    "CX742", "table-unknown",
    Phrase("`{database}` has no table `{table}`", "`{database}` 中没有表 `{table}`"),
    label=Phrase("no such table or view", "没有这个表或视图"),
    help=Phrase("it has {tables}", "其中有 {tables}"))
TABLE_NOT_SAID = Code(
    "CX743", "table-not-said",
    Phrase("`{database}` is a database, and no table is named", "`{database}` 是数据库，但没有写明表"),
    label=Phrase("which table of it?", "其中的哪个表？"),
    help=Phrase("add `table` with the name of a table or a view", "请加上 `table`，写明表或视图的名称"))
NOT_A_DATABASE = Code(
    "CX744", "not-a-database",
    Phrase("`{path}` is neither a DuckDB nor a SQLite file, and has no tables", "`{path}` 不是 DuckDB 或 SQLite 文件，没有表"),
    label=Phrase("a table is asked for here", "这里要求一个表"),
    help=Phrase("remove `table`, or name a database under `read`", "请删去 `table`，或在 `read` 中写明数据库"))
TABLE_UNREADABLE = Code(
    "CX745", "table-unreadable",
    Phrase("the table `{table}` of `{database}` cannot be read: {problem}",
           "无法读取 `{database}` 的表 `{table}`：{problem}"),
    label=Phrase("asked for here", "在这里要求"),
    help=Phrase("try the same query in the database's own tool", "请用数据库自带的工具试同样的查询"))
TABLE_COLUMN = Code(
    "CX746", "table-column",
    Phrase("the column `{column}` of the table `{table}` cannot be read: {problem}",
           "无法读取表 `{table}` 的列 `{column}`：{problem}"),
    label=Phrase("this table", "这个表"),
    help=Phrase("give the column another form in a view, and read that", "请用视图把该列转换成其他形式，再读取视图"))
SERVER_UNREACHABLE = Code(
    "CX747", "server-unreachable",
    Phrase("no connection to `{database}`: {problem}", "无法连接 `{database}`：{problem}"),
    label=Phrase("read by this source", "由这个数据源读取"),
    note=Phrase("the password is taken from the environment variable `{variable}`", "密码取自环境变量 `{variable}`"),
    help=Phrase("look at the host, the name and the password; then run again", "请检查主机、名称与密码，然后重试"))
SERVER_NOT_ALLOWED = Code(
    "CX730", "server-not-allowed",
    Phrase("the server `{host}` is not among those that sources may read", "服务器 `{host}` 不在允许数据源读取之列"),
    label=Phrase("read by this source", "由这个数据源读取"),
    note=Phrase("definitions may come from anywhere, and the server they name is given the password",
                "定义可能来自任何地方，而它指定的服务器会得到密码"),
    help=Phrase("let whoever runs it name the server in {variable}, or read another",
                "请由运行者把该服务器写入 {variable}，或改读其他服务器"))
DRIVER_MISSING = Code(
    "CX748", "driver-missing",
    Phrase("for `{scheme}://` a driver is needed that is not installed", "使用 `{scheme}://` 需要的驱动尚未安装"),
    label=Phrase("read by this source", "由这个数据源读取"),
    help=Phrase("install it with `pip install {extra}`", "请用 `pip install {extra}` 安装"))
TABLE_AMBIGUOUS = Code(
    "CX749", "table-ambiguous",
    Phrase("`{database}` has several tables `{table}`", "`{database}` 中有多个表 `{table}`"),
    label=Phrase("which of them?", "是其中哪一个？"),
    help=Phrase("write one of {tables}", "请写明其中之一：{tables}"))
ADD_TABLE = Phrase("add `table`: it has {tables}", "请加上 `table`：其中有 {tables}")
NO_TABLES = Phrase("it has no tables and no views", "其中没有表，也没有视图")

# --- the calendar ----------------------------------------------------------------------------------------------

CALENDAR_ENDS = Code(
    "CX755", "calendar-ends",
    Phrase("`{source}` has rows from {first} to {last}, the calendar tells of {low} to {high}",
           "`{source}` 的行从 {first} 到 {last}，日历只涵盖 {low} 到 {high}"),
    label=Phrase("asks for workdays or holidays", "用到工作日或节假日"),
    note=Phrase("nothing of it was taken in: which of the other days people worked on is not known",
                "没有采用它的任何内容：其余日子是否上班无从得知"),
    help=Phrase("add the holidays of the years that are lacking to `calendar`", "请在 `calendar` 中补上所缺年份的节假日"))

# --- the past ----------------------------------------------------------------------------------------------------

FROZEN_DIFFERS = Code(
    "CX750", "frozen-differs",
    Phrase("{count} values of frozen periods would be others now, and stay as they were published",
           "{count} 个已冻结周期的数值按现有数据会有变化，仍保持已发布的数值"), severity="warning",
    note=Phrase("periods that end before {before} are frozen: {why}", "{before} 之前结束的周期已冻结：{why}"),
    help=Phrase("see what differs with `cxmetrics store restatements --run {run}`",
                "请用 `cxmetrics store restatements --run {run}` 查看差异"))
CLOCK_BEHIND = Code(
    "CX758", "clock-behind",
    Phrase("the clock says {now} UTC, and the last run was committed at {last}",
           "时钟为 {now} UTC，而上一次运行的提交时间是 {last}"), severity="warning",
    note=Phrase("this run counts as committed at that moment, so that `--as-of` with a time finds them in order",
                "本次运行按该时刻计为提交，使带时间的 `--as-of` 仍按先后找到各次运行"),
    help=Phrase("correct the clock; until it has gone past that moment, name runs by their ids with `--as-of`",
                "请校准时钟；在它超过该时刻之前，请用运行编号作为 `--as-of`"))
FREEZE_BACKWARDS = Code(
    "CX751", "freeze-backwards",
    Phrase("periods up to {before} are frozen, and {asked} would thaw some of them",
           "{before} 之前的周期已冻结，改为 {asked} 会解冻其中一部分"),
    note=Phrase("what was published as final would change with the next late file", "已作为定稿发布的数值会随下一批迟到数据而改变"),
    help=Phrase("if that is meant, add `--thaw`", "如确需解冻，请加上 `--thaw`"))
NOT_KNOWN_THEN = Code(
    "CX752", "not-known-then",
    Phrase("the store holds no run as of `{then}`", "截至 `{then}`，存储中没有任何运行结果"),
    help=Phrase("`cxmetrics store log` lists the runs; a time is written `2026-10-01` or `2026-10-01 08:30`",
                "`cxmetrics store log` 列出各次运行；时间请写成 `2026-10-01` 或 `2026-10-01 08:30`"))
NOT_KEPT = Code(
    "CX753", "not-kept",
    Phrase("the values as of run `{then}` are no longer kept", "运行 `{then}` 时的数值已不再保留"),
    note=Phrase("`cxmetrics store vacuum` has deleted files that only earlier runs needed",
                "`cxmetrics store vacuum` 已删除只有更早的运行才需要的文件"),
    help=Phrase("keep more runs with `--keep`, or freeze what has to stay: a vacuum leaves that",
                "请用 `--keep` 保留更多运行，或先冻结必须保留的内容：清理时不会删除"))
NOT_STORED_THEN = Code(
    "CX754", "not-stored-then",
    Phrase("of `{what}` by {by} nothing was stored then for the {grain}",
           "当时没有存储 `{what}` 按 {by} 切分的 {grain} 数值"),
    note=Phrase("of earlier times there is only what runs kept: the project's grains and cuts, and no `--where`",
                "过去的数值只有运行时保存的内容：项目的粒度与切分，不支持 `--where`"),
    help=Phrase("ask for a grain and a cut of the project, or for the values of today", "请查询项目已有的粒度与切分，或查询当前数值"))
INPUT_GONE = Code(
    "CX756", "input-gone",
    Phrase("the data file `{path}`, which the run had read, is gone", "该次运行读取过的数据文件 `{path}` 已不存在"),
    note=Phrase("without it the run cannot be computed again", "缺少该文件，无法重新计算该次运行"),
    help=Phrase("restore it from a copy to the same place", "请从备份恢复到原来的位置"))
INPUT_CHANGED = Code(
    "CX757", "input-changed",
    Phrase("the data file `{path}` is not what the run had read: {size} bytes now, {then} then",
           "数据文件 `{path}` 与该次运行读取时不同：现在 {size} 字节，当时 {then} 字节"),
    note=Phrase("what differs may differ for that alone", "数值差异可能仅由此造成"),
    help=Phrase("restore the copy of then to compare the numbers", "如要核对数值，请恢复当时的文件"))

# --- sources in trouble ------------------------------------------------------------------------------------------

SOURCE_STALE = Code(
    "CX722", "source-stale",
    Phrase("the source `{source}` is stale: its last day is {last}", "数据源 `{source}` 已过期：最后一天是 {last}"),
    label=Phrase("fresh within {limit}", "时限 {limit}"),
    note=Phrase("the values of later periods are marked `stale`, those over them `partial`",
                "之后周期的数值标为 `stale`，其上层标为 `partial`"),
    help=Phrase("ask for the delivery; the next run takes it in", "请催促数据交付；下一次运行会读取"))
LOCK_TAKEN_OVER = Code(
    "CX724", "lock-taken-over",
    Phrase("the run before did not come to its end: {owner}", "上一次运行没有正常结束：{owner}"), severity="warning",
    note=Phrase("nothing of it was committed, and what it had left was swept away", "它没有提交任何内容，留下的文件已清除"),
    help=Phrase("this run computes what that one did not; where nobody stopped it, the machine may have been out of "
                "memory: `--memory` bounds DuckDB and values, `--from` and `--to` take fewer days at a time",
                "本次运行会补算上次未完成的部分；如果不是人为终止，可能是内存不足：用 `--memory` 限制 DuckDB 与指标值，或用 `--from`、`--to` 减少每次计算的天数"))
FEW_ROWS = Code(
    "CX723", "few-rows",
    Phrase("`{source}` delivered fewer rows than usual (in brackets): {days}",
           "`{source}` 交付的行数少于通常值（括号内）：{days}"), severity="warning",
    label=Phrase("this source", "这个数据源"),
    note=Phrase("usual is the median of the same weekday in the eight weeks before", "通常值取此前八周同一星期几的中位数"),
    help=Phrase("see whether the delivery is whole; `volume: 0%` of the source says that any number will do",
                "请核实数据是否完整；如数量不限，可在数据源写 `volume: 0%`"))
DAYS_LEFT_OUT = Code(
    "CX728", "days-left-out",
    Phrase("days of `{source}` have not been computed ({count}), in periods that this run writes: {days}",
           "本次运行写入的周期中，`{source}` 有 {count} 天尚未计算：{days}"), severity="warning",
    label=Phrase("this source", "这个数据源"),
    note=Phrase("weeks, months and longer periods are of the days that were computed", "周、月及更长周期只包含已计算的日期"),
    help=Phrase("compute them too: `cxmetrics run` without an interval computes all that is missing",
                "请补算：不带区间的 `cxmetrics run` 会计算所有缺少的日期"))
COLUMN_GONE = Code(
    "CX729", "column-gone",
    Phrase("`{path}` has no column `{column}`, which files of `{source}` had before (new files without it: {count})",
           "`{path}` 没有列 `{column}`，而 `{source}` 此前的文件有（此类新文件共 {count} 个）"), severity="warning",
    label=Phrase("declared here", "在这里声明"),
    note=Phrase("its rows are taken as ones that do not say it", "其中的行按未填写该列处理"),
    help=Phrase("see whether the delivery calls it by another name", "请核实交付的文件是否改了列名"))
DAY_REJECTED = Code(
    "CX731", "day-rejected",
    Phrase("every row of `{source}` was rejected on {days}", "`{source}` 在 {days} 的每一行都被拒收"), severity="warning",
    label=Phrase("this source", "这个数据源"),
    note=Phrase("such a day is taken as one without rows", "这样的一天按没有数据处理"),
    help=Phrase("compare the declared types, scales and values with the data of that day",
                "请核对声明的类型、量表、取值与当天的数据是否一致"))
COLUMN_EMPTIED = Code(
    "CX732", "column-emptied",
    Phrase("the column `{column}` is empty in every row of `{path}`, and was not in files of `{source}` before "
           "(new files like it: {count})",
           "`{path}` 的列 `{column}` 每一行都为空，而 `{source}` 此前的文件不是这样（此类新文件共 {count} 个）"),
    severity="warning",
    label=Phrase("declared here", "在这里声明"),
    note=Phrase("indicators over it are of the other days", "基于它的指标只反映其余日期"),
    help=Phrase("ask whoever delivers the data what became of it", "请向数据提供方核实原因"))
DAYS_UNREADABLE = Code(
    "CX733", "days-unreadable",
    Phrase("no row of `{path}` has a time in the column `{column}` of `{source}` that can be read "
           "(new files like it: {count})",
           "`{path}` 没有一行的时间可以读取（`{source}` 的列 `{column}`；此类新文件共 {count} 个）"), severity="warning",
    label=Phrase("declared here", "在这里声明"),
    note=Phrase("its rows belong to no day, and to no number", "其中的行不属于任何一天，也不计入任何数值"),
    help=Phrase("have it delivered with times as in the files before, or give the column a `format`",
                "请按此前文件的时间写法重新交付，或为该列写明 `format`"))
NOTHING_OF_THE_DAYS = Code(
    "CX734", "days-not-delivered",
    Phrase("no source has rows of the days that were asked for, {days}", "没有任何数据源含有所请求日期（{days}）的行"),
    severity="warning",
    note=Phrase("the sources have rows of {first}..{last}; of other days there are no values",
                "数据源含有 {first}..{last} 的行；其他日期没有数值"),
    help=Phrase("run again when the delivery has come, or correct the days", "请在数据送达后重新运行，或更正日期"))
OTHER_SCHEMA = Phrase("give the schema another name with `--schema`", "请用 `--schema` 另取模式名称")
SINK_REFUSED = Code(
    "CX725", "sink-refused",
    Phrase("`{database}` did not take the tables: {problem}", "`{database}` 没有接受这些表：{problem}"),
    note=Phrase("nothing was written: all tables go in one transaction", "没有写入任何内容：所有表在同一事务中写入"),
    help=Phrase("the user needs the right to make tables in that schema", "用户需要在该模式中建表的权限"))
OUT_OF_MEMORY = Code(
    "CX726", "out-of-memory",
    Phrase("the rows of `{source}` do not fit into the memory the engine may take", "`{source}` 的行超出引擎可用的内存"),
    label=Phrase("this source", "这个数据源"),
    note=Phrase("the engine puts on disk what it can; single values and the groups at work have to be held",
                "引擎会把可以暂存的内容写入磁盘，但单个值和正在处理的分组必须留在内存"),
    help=Phrase("allow more with `--memory`, or take fewer days at a time with `--from` and `--to`",
                "请用 `--memory` 放宽限制，或用 `--from` 和 `--to` 每次计算较少的天数"))
BEYOND_MEMORY = Code(
    "CX735", "beyond-memory",
    Phrase("the run held {held} of memory, and was asked for {asked}", "本次运行占用内存 {held}，要求的上限为 {asked}"),
    severity="warning",
    note=Phrase("cells, states and values wait on the disk; the states of a day have to be held, and "
                "{floor} are for the program", "单元、状态与指标值可写入磁盘，但一天的状态必须留在内存，另有 {floor} 供程序自身使用"),
    help=Phrase("make cuts of fewer slices, or take fewer days at a time with `--from` and `--to`",
                "请减少切片，或用 `--from` 和 `--to` 每次计算较少的天数"))
TOO_MANY_SLICES = Code(
    "CX727", "too-many-slices",
    Phrase("by {by} `{source}` has {count} slices, and at most {most} are evaluated",
           "`{source}` 按 {by} 切分出 {count} 个切片，最多计算 {most} 个"),
    label=Phrase("this source", "这个数据源"),
    note=Phrase("every slice has values of its own, of every indicator and period",
                "每个切片在每个指标和周期上都有各自的数值"),
    help=Phrase("a dimension of so many values is most often a key: leave it out of cuts, and count it with `distinct`",
                "取值如此之多的维度往往是主键：请从切分中去掉，需要计数时用 `distinct`"))
