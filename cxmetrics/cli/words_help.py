"""The help of the verbs and their options."""

from __future__ import annotations

from typing import Final

from cxmetrics.diagnostics import Phrase

HELP: Final[dict[str, Phrase]] = {
    "help.cxmetrics": Phrase(
        "A compiler and an engine for customer-experience indicators.\n\nPROJECT is a folder with a cxmetrics.yaml, by "
        "default the one that is current. Data go to standard output, everything else to standard error. Exit status: "
        "0 clean; 1 the definitions or the data are at fault; 2 misuse, or a fault of the machine or of cxmetrics.",
        "客户体验指标的编译器与计算引擎。\n\nPROJECT 是含有 cxmetrics.yaml 的文件夹，默认为当前文件夹。"
        "数据写到标准输出，其余写到标准错误。\n\n"
        "退出状态：0 正常；1 定义或数据有问题；2 用法有误，或机器、cxmetrics 自身出错。"),
    "help.demo": Phrase("Make the sample bank, run it, print its pyramid.\n\nDIR is demo-bank by default. A bank that "
                        "is there already is kept. data/truth.yaml in it says what was planted: incidents, effects and "
                        "dirty rows.",
                        "生成样例银行，计算并打印指标体系\n\nDIR 默认为 demo-bank；已有的样例会沿用。其中的 data/truth.yaml "
                        "记录预先埋入的事故、效应与脏数据。"),
    "help.init": Phrase(
        "Write a small project that checks and runs.\n\nWith --pack it imports a library and binds its tables: "
        "app_web_vitals, complaint_coding, contact_centre, employee, mystery_visits, programme, regulator_it, "
        "retail_bank, small_bank.",
        "新建一个能检查、能运行的小项目\n\n加 --pack 则引入一个库并逐表绑定：app_web_vitals、complaint_coding、contact_centre、"
        "employee、mystery_visits、programme、regulator_it、retail_bank、small_bank。"),
    "help.check": Phrase(
        "Check the definitions; print every problem at its place.\n\nNo data are read. Warnings that the file "
        "cxmetrics.baseline.json beside the project file knows are left out; --write-baseline writes it.",
        "检查定义，逐一指出问题所在\n\n不读取数据。项目文件旁的 cxmetrics.baseline.json 收录的警告不再提示；"
        "用 --write-baseline 写入该文件。"),
    "help.fmt": Phrase(
        "Lay the definitions out in the one way there is; comments and meaning stay.\n\nPATH is a folder or a file, by "
        "default the folder that is current; - reads standard input and writes standard output. A file that cannot be "
        "read is left as it is.",
        "按统一格式排版定义，注释与含义不变\n\nPATH 为文件夹或文件，默认为当前文件夹；- 表示读标准输入、写标准输出。无法读取的文件保持原样。"),
    "help.diff": Phrase(
        "Say what changed in meaning between two revisions of the definitions, and what that touches.\n\nOLD and NEW "
        "are project folders or revisions of Git, by default HEAD and the project as it is now. A change is breaking "
        "(numbers go, or are of another unit), restating (they are computed anew), added, or cosmetic. With --data the "
        "last weeks are computed under both, and what moves is listed, the biggest first.",
        "说明两个版本的定义在含义上有何变化、影响哪些指标\n\nOLD 与 NEW 为项目文件夹或 Git 版本，默认为 HEAD 与当前项目。"
        "变化分为：破坏性（数值消失或单位改变）、重述（数值需重算）、新增、仅文字。"
        "加上 --data 时按两个版本各算最近几周，从大到小列出变动。"),
    "help.tree": Phrase("Print the pyramid: weights, and values once there are some.",
                        "打印指标体系：权重，以及已有的数值"),
    "help.run": Phrase("Compute what is missing or stale and commit it, all or nothing.\n\nThe interval holds its "
                       "first day and not its last; by default it is all the sources have.",
                       "计算缺失或过期的部分并一次提交\n\n区间含首日、不含末日；默认为数据源的全部日期。"),
    "help.query": Phrase(
        "Print any slice: from the store where it can, from the sources where it must.\n\nThe first word may be a "
        "project folder. A table is for people, rounded; json (an array of objects) and csv have every column, "
        "unrounded.",
        "查询任意切片：能用存储则用，否则读数据源\n\n第一个词可以是项目文件夹。table 供人阅读，已取整；"
        "json（对象数组）与 csv 含全部列，不取整。"),
    "help.show": Phrase("Describe an indicator in plain words, or show what a stage made of it.",
                        "用平实的话说明一个指标，或显示编译各阶段的结果"),
    "help.store": Phrase("Look after the store: its runs, its files, its tables for other tools.",
                         "管理存储：运行记录、文件校验与清理、导出给其他工具"),
    "help.log": Phrase("List the runs, the oldest first: who, when, which days, how many values.",
                       "列出历次运行：何人、何时、哪些日期、多少数值"),
    "help.restatements": Phrase("List the published values that runs have changed: from what to what, and why.\n\nOf "
                                "frozen periods it lists what would have changed.",
                                "列出历次运行更改过的已发布数值：原值、新值与原因\n\n对已冻结的周期，列出本来会发生的变化。"),
    "help.freeze": Phrase("Freeze the values of all periods that end before DATE: no run changes them any more.\n\n"
                          "Runs show what would have changed instead. Without DATE, list who froze what, and why.",
                          "冻结 DATE 之前结束的所有周期：此后任何运行都不再更改其数值\n\n"
                          "运行只显示本来会发生的变化。不带 DATE 时列出何人何时因何冻结。"),
    "help.verify": Phrase("Read every file of the store and compare its checksum with the ledger.\n\n"
                          "Exit status 1 if a file is damaged or missing.",
                          "读取存储的每个文件并核对校验和\n\n有文件损坏或缺失时退出状态为 1。"),
    "help.vacuum": Phrase("Delete the data files that none of the last RUNS runs needs.",
                          "删除最近 RUNS 次运行都用不到的数据文件"),
    "help.export": Phrase("Write the tables of the store (values, runs and the others) to TARGET.\n\nA DuckDB file, "
                          "or a folder of CSV or Parquet files. TARGET must not be there yet.",
                          "把存储的各表（values、runs 等）写到 TARGET\n\n可为 DuckDB 文件，或 CSV、Parquet 文件夹；"
                          "TARGET 不能已经存在。"),
    "help.replay": Phrase("Compute a past run again, from its definitions and its files, and compare every value.\n\n"
                          "RUN is an id of cxmetrics store log. Files that are not what they were are named. Exit "
                          "status 1 if anything differs.",
                          "用当时的定义和文件重算一次运行，并逐值比较\n\n"
                          "RUN 为 cxmetrics store log 列出的编号；与当时不同的文件逐一列出；有差异时退出状态为 1。"),
    "help.publish": Phrase("Write the tables to PostgreSQL, all in one transaction.\n\nADDRESS is "
                           "postgresql://user@host/database; the password is taken from PGPASSWORD. Called again, it "
                           "sends what later runs wrote.",
                           "把各表写入 PostgreSQL，全部在同一事务中\n\nADDRESS 形如 postgresql://user@host/database，"
                           "密码取自 PGPASSWORD；再次调用只发送之后运行写入的内容。"),
    "help.explain": Phrase("Explain a code (CX201), a function of formulas (nps), or a key of the YAML (weight).\n\n"
                           "Without CODE, list all codes.",
                           "解释诊断代码（CX201）、公式函数（nps）或 YAML 的键（weight）\n\n不带 CODE 时列出全部代码。"),
    "help.lsp": Phrase("Answer an editor: the language server, over standard input and output.",
                       "为编辑器应答：语言服务器，经标准输入与标准输出"),
    "help.completion": Phrase(
        "Print what a shell has to read to complete verbs, options, indicators, dimensions and codes.\n\n"
        'bash: eval "$(cxmetrics completion bash)" in ~/.bashrc; zsh: the same with zsh, after compinit, in '
        "~/.zshrc; fish: cxmetrics completion fish > ~/.config/fish/completions/cxmetrics.fish",
        "打印 shell 补全脚本：动词、选项、指标、维度、诊断代码\n\n"
        'bash：在 ~/.bashrc 中写 eval "$(cxmetrics completion bash)"；zsh：在 ~/.zshrc 的 compinit 之后同样写 zsh；'
        "fish：cxmetrics completion fish > ~/.config/fish/completions/cxmetrics.fish"),
    "help.schema": Phrase("Print the JSON Schema of the YAML, for editors.", "打印 YAML 的 JSON Schema，供编辑器使用"),
}

OPTIONS: Final[dict[str, Phrase]] = {
    "option.diff.limit": Phrase("Exit status 1 if a change is such or worse.", "有此类或更严重的变化时退出状态为 1"),
    "option.diff.form": Phrase("How changes are written.", "变化的输出格式"),
    "option.fmt.check": Phrase("Write nothing; exit status 1 if a file is laid out otherwise.",
                               "不写入；有文件未按格式排版时退出状态为 1"),
    "option.fmt.diff": Phrase("Write nothing; show what would change.", "不写入；显示将会改动的内容"),
    "option.pack": Phrase("Begin with a library: small_bank, retail_bank, …", "从一个库开始：small_bank、retail_bank 等"),
    "option.lang": Phrase("Language of messages and titles (CXMETRICS_LANG).", "消息与标题的语言（CXMETRICS_LANG）"),
    "option.shape": Phrase("table for people; json, csv for programs.", "table 供人阅读；json、csv 供程序使用"),
    "option.form": Phrase("How problems are written.", "问题的输出格式"),
    "option.as_html": Phrase("Print the page as HTML that stands alone, in both languages.",
                             "输出自成一体的 HTML 页面，含中英文"),
    "option.site": Phrase("Write all pages of codes as a small site of HTML.", "把全部代码的页面写成一个小型 HTML 站点"),
    "option.check.strict": Phrase("Exit status 1 for warnings too.", "有警告时退出状态也为 1"),
    "option.check.write": Phrase("Write down the warnings there are, so that only new ones are told from then on.",
                           "记下现有的警告，此后只提示新的警告"),
    "option.check.bare": Phrase("Tell what the baseline knows, too.", "连同基线收录的警告一并列出"),
    "option.engine": Phrase("What computes.", "计算引擎"),
    "option.grain": Phrase("Length of the periods.", "周期的粒度"),
    "option.period": Phrase("A day of the period; the last one by default.", "周期中的任意一天，默认为最近的周期"),
    "option.depth": Phrase("How many levels from the top.", "从顶层起显示几层"),
    "option.first": Phrase("First day, 2026-10-01.", "首日，2026-10-01"),
    "option.last": Phrase("Day after the last.", "末日的次日"),
    "option.as_of": Phrase("What was known after a run, or at a time.", "截至某次运行或某一时刻已知的数值"),
    "option.by": Phrase("Dimensions to slice by.", "按哪些维度切分"),
    "option.ranks": Phrase("Ranks that slices may have; shrunken values.", "各切片可能的名次区间，并列收缩估计"),
    "option.where": Phrase("Which slices, such as region = 'east'.", "只取哪些切片，例如 region = 'east'"),
    "option.project": Phrase("Project folder.", "项目文件夹"),
    "option.stage": Phrase("What to show of the compiler's work.", "显示编译的哪个阶段"),
    "option.replay.engine": Phrase("What computes; the engine of then by default.", "计算引擎，默认为当时所用"),
    "option.full": Phrase("Compute everything anew.", "全部重算"),
    "option.renamed_from": Phrase("The name that the project had before.", "项目此前的名称"),
    "option.dry_run": Phrase("Say what would be computed.", "只说明将计算什么"),
    "option.run.period": Phrase("The period that a day is in, of --grain (day).", "某日所在的周期，粒度见 --grain（默认为日）"),
    "option.memory": Phrase("What DuckDB and values may take, as 4GB; told if exceeded.",
                            "DuckDB 与指标值的内存上限，如 4GB；超出写入磁盘，仍超过时提示"),
    "option.prometheus": Phrase("Write metrics for Prometheus to FILE.", "把 Prometheus 指标写到 FILE"),
    "option.run.profile": Phrase("Say what each stage and each scan took.", "列出各阶段、各次扫描的用时与数据量"),
    "option.openlineage": Phrase("Append events of OpenLineage to FILE.", "把 OpenLineage 事件追加到 FILE"),
    "option.log": Phrase("text for people, json for machines.", "text 供人阅读；json 供程序使用"),
    "option.stdio": Phrase("Over standard input and output, as always; some editors say so.",
                           "经标准输入与标准输出（总是如此，有的编辑器会写明）"),
    "option.schema": Phrase("Schema for the tables, made if need be.", "存放各表的模式，没有则新建"),
    "option.strict": Phrase("Let one source that fails stop the run.", "任何数据源失败即停止运行"),
    "option.into": Phrase("Write a report to FILE, - for standard output.", "把报告写到 FILE，- 表示标准输出"),
    "option.scale": Phrase("Rows of data, about: 1000 to 1000000000, as 500k, 20m or 1b.",
                           "数据行数（约）：1000 至 1000000000，可写作 500k、20m、1b"),
    "option.data_only": Phrase("Write the data and run nothing.", "只生成数据，不计算"),
    "option.seed": Phrase("Where the random numbers begin.", "随机数种子"),
    "option.fresh": Phrase("Make the bank anew, definitions too.", "重新生成数据与定义"),
    "option.keep": Phrase("How many of the last runs stay whole.", "保留最近几次运行"),
    "option.kind": Phrase("What to write.", "写成什么格式"),
    "option.of_run": Phrase("Of one run only.", "只看某一次运行"),
    "option.why": Phrase("Why it is final; kept with who and when.", "定稿原因；连同何人何时一并保存"),
    "option.thaw": Phrase("DATE may be earlier than what is frozen.", "允许 DATE 早于已冻结的日期"),
    "option.help": Phrase("Show this message and exit.", "显示这段帮助"),
    "option.version": Phrase("Show the version and exit.", "显示版本"),
}
