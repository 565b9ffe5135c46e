"""What the command says, in English and Chinese: sentences by name, with `{facts}`.

Names: `help.verb`, `option.name` (or `option.verb.name`), `column.name`, `status.name` and other terms; the
rest are sentences of one verb.
"""

from __future__ import annotations

from typing import Final

from cxmetrics.cli.words_coverage import COVERAGE
from cxmetrics.cli.words_diff import DIFF
from cxmetrics.cli.words_help import HELP, OPTIONS
from cxmetrics.cli.words_preview import PREVIEW
from cxmetrics.cli.words_run import RUN
from cxmetrics.cli.words_show import SHOW
from cxmetrics.cli.words_test import TEST
from cxmetrics.diagnostics import Phrase

CLICK: Final[dict[str, str]] = {
    "Usage:": "用法：", "Options:": "选项：", "Commands:": "命令：", "[OPTIONS]": "[选项]",
    "Show this message and exit.": "显示这段帮助。", "Show the version and exit.": "显示版本。", "COMMAND [ARGS]": "命令 [参数]",
    "[default: ": "[默认：", "Positional arguments:": "参数：",
}

_GENERAL = {
    "refused": Phrase("error: {problem}", "错误：{problem}"),
    "memory": Phrase("there is not enough memory", "内存不足"),
    "traceback": Phrase("the traceback is in {path}", "详细的错误记录在 {path}"),
    "comma": Phrase(", ", "，"),
    "all": Phrase("(all)", "（全部）"),
    "usage.more": Phrase("how it is called: {command} --help", "查看用法：{command} --help"),
    "usage.option": Phrase("error: there is no option {name}", "错误：没有选项 {name}"),
    "usage.verb": Phrase("error: there is no verb {name}", "错误：没有命令 {name}"),
    "usage.missing": Phrase("error: {name} is missing", "错误：缺少 {name}"),
    "usage.choice": Phrase("error: {name} is one of {choices}", "错误：{name} 只能是 {choices} 之一"),
    "usage.range": Phrase("error: {name} is a whole number from {low} to {high}", "错误：{name} 应为 {low} 至 {high} 的整数"),
    "usage.argument": Phrase("error: {name} needs a value", "错误：{name} 需要一个值"),
    "usage.extra": Phrase("error: {name} is too much", "错误：多余的参数 {name}"),
    "usage.other": Phrase("error: {problem}", "错误：{problem}"),
    "usage.guess": Phrase("; did you mean {guess}?", "；是否想写 {guess}?"),
    "check.summary": Phrase("{findings} in {files}, {indicators}", "{files}、{indicators}：{findings}"),
    "check.baseline_errors": Phrase("no baseline was written: it holds warnings only, and there are errors",
                                    "未写入基线：基线只收录警告，而定义中还有错误"),
    "check.baseline_written": Phrase("wrote {path}: it knows {warnings}", "已写入 {path}：收录{warnings}"),
    "check.baseline_unwritten": Phrase("{path} cannot be written: {problem}", "无法写入 {path}：{problem}"),
    "check.baseline_unreadable": Phrase("{path} cannot be read: {problem}", "无法读取 {path}：{problem}"),
    "check.baseline_none": Phrase(
        "{path} is no baseline that can be read; write it anew with `cxmetrics check --write-baseline`",
        "{path} 不是可读的基线；请用 `cxmetrics check --write-baseline` 重新写入"),
    "check.known": Phrase("{warnings} known to {path} left out", "已略去 {path} 收录的{warnings}"),
    "check.gone": Phrase("gone: {warnings} that {path} still knows; `cxmetrics check --write-baseline` drops them",
                         "{path} 收录的{warnings}已不存在；可用 `cxmetrics check --write-baseline` 清除"),
    "check.gone_more": Phrase("  … and {count} more", "  ……另有 {count} 个"),
    "warnings.one": Phrase("{count} warning", " {count} 个警告"),
    "warnings.many": Phrase("{count} warnings", " {count} 个警告"),
    "fmt.done": Phrase("{changed} laid out anew, {same} left as found", "重新排版：{changed}；保持原样：{same}"),
    "fmt.checked": Phrase("{changed} to be laid out anew, {same} laid out already", "需要重新排版：{changed}；已符合格式：{same}"),
    "fmt.would": Phrase("{path} would be laid out anew", "{path} 需要重新排版"),
    "fmt.empty": Phrase("there are no YAML files in {path}", "{path} 中没有 YAML 文件"),
    "fmt.nothing": Phrase("there is no file {path}", "没有文件 {path}"),
    "files.one": Phrase("{count} file", "{count} 个文件"),
    "files.many": Phrase("{count} files", "{count} 个文件"),
    "indicators.one": Phrase("{count} indicator", "{count} 个指标"),
    "indicators.many": Phrase("{count} indicators", "{count} 个指标"),
    "explain.written": Phrase("wrote {count} pages; begin with {path}", "已写入 {count} 个页面，入口为 {path}"),
    "explain.no_page": Phrase("{name} is no code and has no page of its own; leave --html out",
                              "{name} 不是诊断代码，没有单独的页面；请去掉 --html"),
    "key.values": Phrase("one of: {values}", "取值之一：{values}"),
    "key.examples": Phrase("such as: {examples}", "例如：{examples}"),
    "explain.unwritten": Phrase("{path} cannot be written: {problem}", "无法写入 {path}：{problem}"),
    "explain.not_ours": Phrase("{path} is there already and is not of these pages; name another folder",
                               "{path} 已存在且不是这些页面的文件；请换一个文件夹"),
    "explain.unknown": Phrase("{name} is no code, no function and no key of the YAML{guess}",
                              "{name} 不是诊断代码、函数或 YAML 的键{guess}"),
    "function.rows": Phrase("of the rows of a source: {example}", "对数据源的行计算：{example}"),
    "function.near": Phrase("accuracy: 0.01% to 20%, within which part of the exact value it is; values are counted by "
                            "their leading binary digits (7 for 1%); without it, exact",
                            "accuracy：0.01% 至 20%，结果与精确值之差不超过这一比例；数值按最高的若干位二进制数字计数（1% 为 7 位）；不写则精确"),
    "function.sampled": Phrase("accuracy: 1% to 20%, within which part of the exact number 95 of 100 are; of many "
                               "texts a sample is kept (19,208 for 2%), few are exact; without it, exact",
                               "accuracy：1% 至 20%，100 次中有 95 次误差不超过这一比例；取值很多时只留样本（2% 为 19,208 个），"
                               "不多时精确；不写则精确"),
    "function.options": Phrase("options: {options}", "选项：{options}"),
    "tree.title": Phrase("{title}, {grain} {period}", "{title}，{grain} {period}"),
    "tree.repeated": Phrase("{mark} drawn in full above", "{mark} 已在上方完整画出"),
    "tree.formula": Phrase("formula", "公式"),
    "tree.pooled": Phrase("pooled", "合并"),
    "tree.no_values": Phrase("no values yet: cxmetrics run computes them", "还没有数值：请用 cxmetrics run 计算"),
    "tree.no_period": Phrase("the store has no values for this grain and period", "存储中没有该粒度和周期的数值"),
    "query.nothing": Phrase("no values", "没有数值"),
    "query.nothing_by": Phrase(
        "no values; if there are some without --by, no row says which {by} it belongs to: a dimension is the column of "
        "its name, or the one that a source names under its `dimensions`",
        "没有数值；若不加 --by 时有，则数据中没有一行说明属于哪个 {by}：维度取与其同名的列，或数据源在 `dimensions` 下写明的列"),
    "query.ranks": Phrase("ranks of what? name the slices to be ranked: --by branch --ranks",
                          "对什么排名？请用 --by 指明切片，例如 --by branch --ranks"),
    "query.which": Phrase("which indicators of {project}?", "要查询 {project} 的哪些指标？"),
    "store.verified": Phrase("{files} files, {size} bytes: {damaged} damaged, {orphans} that no run names",
                             "{files} 个文件，{size} 字节：{damaged} 个损坏，{orphans} 个不属于任何运行"),
    "store.nothing_restated": Phrase("no published value was changed", "没有已发布的数值被更改"),
    "store.refused": Phrase(" (frozen: not changed)", "（已冻结：未更改）"),
    "store.why": Phrase("say --why, for those who will ask", "请用 --why 写明原因，以备查考"),
    "store.published": Phrase("published to {address}, schema {schema}: rows of {tables}",
                              "已发布到 {address}，模式 {schema}，各表行数：{tables}"),
    "store.published_before": Phrase("nothing to do: the last run stands there already", "无需发布：最后一次运行已在其中"),
    "store.frozen": Phrase("periods that end before {before} are frozen", "{before} 之前结束的周期已冻结"),
    "store.left": Phrase("somebody is reading what stood there before: {files} of them go with the next run",
                         "有人正在读取之前的内容：其中 {files} 个文件将在下次运行时删除"),
    "store.vacuumed": Phrase("files deleted: {files}", "已删除 {files} 个文件"),
    "store.exists": Phrase("{path} is there already; nothing was written", "{path} 已存在，没有写入任何内容"),
    "store.no_folder": Phrase("there is no folder {path}; nothing was written", "没有文件夹 {path}，没有写入任何内容"),
    "store.own_folder": Phrase("{path} lies in the store, which holds nothing but its own; nothing was written",
                               "{path} 位于存储文件夹内，那里只放存储自身的文件；没有写入任何内容"),
    "store.unusual_folder": Phrase(
        "DuckDB makes no file below a folder with `{sign}` in its name: {path}; nothing was written",
        "DuckDB 无法在名称含 `{sign}` 的文件夹下建立文件：{path}；没有写入任何内容"),
    "store.exported": Phrase("wrote {path}: rows of {tables}", "已写入 {path}，各表行数：{tables}"),
    "replay.same": Phrase("run {run} replayed on {engine}: {compared} rows of values, every bit the same "
                          "(frozen ones left out: {frozen}; files that drifted: {files})",
                          "已重算运行 {run}（{engine}）：{compared} 行数值逐位相同（{frozen} 行已冻结，未比较；{files} 个文件有变化）"),
    "replay.differs": Phrase("run {run} replayed on {engine}: {count} numbers differ in {compared} rows of values "
                             "(frozen ones left out: {frozen}; files that drifted: {files})",
                             "已重算运行 {run}（{engine}）：{compared} 行数值中有 {count} 处不同"
                             "（{frozen} 行已冻结，未比较；{files} 个文件有变化）"),
    "replay.not_computed": Phrase("run {run} cannot be replayed; files that drifted, of which some are gone: {files}",
                                  "无法重算运行 {run}：{files} 个文件有变化，其中有的已不存在"),
    "replay.more": Phrase("and {count} more: --format json has them all", "另有 {count} 处：--format json 列出全部"),
    "replay.release": Phrase("published by cxmetrics {then}, replayed by {now}", "由 cxmetrics {then} 发布，以 {now} 重算"),
    "lsp.waits": Phrase("this speaks with an editor, which calls it by itself; Ctrl-C ends it",
                        "这是供编辑器自动调用的；按 Ctrl-C 结束"),
    "init.project": Phrase("What holds for the whole project.", "对整个项目有效的设置。"),
    "init.sources": Phrase("Where rows come from, and what they promise.", "数据从哪里来，每一列的约定。"),
    "init.indicators": Phrase("The pyramid: formulas over rows, and composites with weights.",
                              "指标体系：按行计算的公式，以及按权重合成的指标。"),
    "init.exists": Phrase("{path} is there already; nothing was written", "{path} 已存在，没有写入任何内容"),
    "init.done": Phrase(
        "wrote {count} files to {folder}; next:\n{step}  cxmetrics check\n  cxmetrics run\n  cxmetrics tree",
        "已在 {folder} 写入 {count} 个文件；接下来：\n{step}  cxmetrics check\n  cxmetrics run\n  cxmetrics tree"),
    "init.bind": Phrase("The library's tables and columns on the left, ours on the right; `chat: none` has no table.",
                        "左边是库里的表和列，右边写我们自己的；没有某张表时写成 chat: none。"),
    "init.packed": Phrase(
        "wrote {count} files to {folder}; bind.yaml says where the rows are; next:\n"
        "{step}  cxmetrics check\n  cxmetrics tree\n  cxmetrics run",
        "已在 {folder} 写入 {count} 个文件；请在 bind.yaml 中写明数据在哪里，接下来：\n"
        "{step}  cxmetrics check\n  cxmetrics tree\n  cxmetrics run"),
    "demo.occupied": Phrase("{folder} holds something else; name another folder", "{folder} 中已有其他内容，请换一个文件夹"),
    "demo.space": Phrase("{folder} has {free} free, and so many rows need about {needed}",
                         "{folder} 剩余空间 {free}，而这么多行约需 {needed}"),
    "demo.data": Phrase("the data are in {data}, what was planted in truth.yaml there",
                        "数据在 {data}，其中的 truth.yaml 记录了预先埋入的真实情况"),
    "demo.made": Phrase("wrote the sample bank to {folder}", "已在 {folder} 生成样例银行"),
    "demo.kept": Phrase("the sample bank in {folder} is kept; --fresh makes it anew",
                        "沿用 {folder} 中的样例银行；--fresh 可重新生成"),
    "demo.done": Phrase(
        "\nresults: {store}   definitions: {folder}   next:\n"
        "  cd {folder}\n  cxmetrics show transfer_technical\n"
        "  cxmetrics query cxi transfers --by region\n  cxmetrics query cxi --grain week --format csv",
        "\n结果：{store}   定义：{folder}   接下来：\n"
        "  cd {folder}\n  cxmetrics show transfer_technical\n"
        "  cxmetrics query cxi transfers --by region\n  cxmetrics query cxi --grain week --format csv"),
}

_TERMS = {
    "column": {
        "title": ("title", "名称"), "indicator": ("indicator", "指标"), "level": ("level", "层级"),
        "weight": ("weight", "权重"), "weight_at_root": ("of top", "占顶层"), "value": ("value", "数值"),
        "rank_best": ("rank from", "最高名次"), "rank_worst": ("to", "最低名次"), "shrunken": ("shrunken", "收缩估计"),
        "n": ("n", "样本量"), "score": ("score", "得分"), "status": ("status", "状态"), "period": ("period", "周期"),
        "low": ("low", "下限"), "high": ("high", "上限"), "target": ("target", "目标"), "gap": ("gap", "差距"),
        "change": ("change", "变化"), "coverage": ("coverage", "覆盖率"), "peer": ("peer", "同业"),
        "peer_gap": ("peer gap", "同业差距"), "peer_rank": ("rank", "排名"), "peer_percentile": ("percentile", "百分位"),
        "design_effect": ("design effect", "设计效应"), "peer_low": ("peer gap low", "同业差距下限"),
        "peer_high": ("peer gap high", "同业差距上限"), "peers": ("peers", "同业数"),
        "comparable": ("comparable", "可比性"), "publisher": ("publisher", "发布方"), "change_low": ("change low", "变化下限"),
        "change_high": ("change high", "变化上限"), "moved": ("moved", "升降"),
        "against": ("against", "印证指标"), "agreement": ("agreement", "印证结果"), "source": ("source", "数据源"),
        "files": ("files", "文件"), "days": ("days", "天数"), "read": ("read", "读取"), "kept": ("kept", "保留"),
        "dropped": ("left out", "略去"), "duplicates": ("repeated", "重复"), "rejected": ("rejected", "拒收"),
        "run": ("run", "运行"), "started": ("started", "开始时间"), "engine": ("engine", "引擎"),
        "who": ("who", "用户"), "slice": ("slice", "切片"), "old_value": ("was", "原值"),
        "new_value": ("is", "新值"), "old_n": ("n was", "原样本量"), "new_n": ("n is", "新样本量"), "why": ("why", "原因"),
        "column": ("column", "列"), "published": ("published", "已发布"), "replayed": ("replayed", "重算"),
        "before": ("frozen before", "冻结至（不含）"), "at": ("at", "时间"), "reason": ("why", "原因"),
        "first": ("from", "首日"), "last": ("to", "末日"), "values": ("values", "数值"),
        "stage": ("stage", "阶段"), "seconds": ("seconds", "秒"), "processor": ("processor seconds", "处理器秒"),
        "bytes": ("bytes", "字节"), "cubes": ("groupings", "分组"), "cells": ("groups", "组数"),
        "states": ("states", "中间状态"), "speed": ("rows a second", "每秒行数"),
    },
    "status": {
        "ok": ("ok", "正常"), "low_n": ("too few", "样本不足"), "withheld": ("withheld", "隐去"),
        "no_data": ("no data", "无数据"), "partial": ("partial", "不完整"), "stale": ("stale", "过期"),
        "failed": ("failed", "失败"),
    },
    "criticality": {"high": ("high", "高"), "medium": ("medium", "中"), "low": ("low", "低")},
    "comparable": {"same_method": ("same method", "方法相同"), "same_definition": ("same definition", "口径相同"),
                   "reference_only": ("reference only", "仅供参考"), "computed": ("computed", "由数据计算")},
    "why": {"definition": ("definition changed", "定义变更"), "corrected": ("corrected file", "文件更正"),
            "late": ("late file", "迟到文件"), "rules": ("rules of the project changed", "项目规则变更"),
            "days": ("days computed later", "补算的日期"), "thawed": ("frozen no more", "已解冻")},
    "agreement": {"agree": ("agree", "一致"), "diverge": ("diverge", "背离"), "not shown": ("not shown", "不显著")},
    "moved": {"up": ("up", "上升"), "down": ("down", "下降"), "not shown": ("not shown", "不显著")},
    "stretch": {"day": ("day by day", "逐日"), "week": ("week by week", "逐周"), "month": ("month by month", "逐月"),
                "quarter": ("quarter by quarter", "逐季"), "year": ("year by year", "逐年"),
                "all": ("all days together", "所有日期一起")},
    "grain": {"day": ("day", "日"), "week": ("week of", "周，始于"), "month": ("month", "月"),
              "quarter": ("quarter", "季"), "year": ("year", "年")},
    "stage": {"compile": ("compile", "编译"), "bind": ("look at files", "查看文件"), "scan": ("scan", "扫描"),
              "evaluate": ("evaluate", "计算"), "commit": ("commit", "提交"), "write": ("write", "生成")},
    "reason": {"type": ("of another type", "类型不符"), "scale": ("off the scale", "超出量表"),
               "values": ("not in the closed set", "不在取值范围内"), "key": ("no key", "缺少主键"),
               "weight": ("not a weight", "权重不可用"),
               "range": ("before 1900 or after 2199", "早于 1900 年或晚于 2199 年"),
               "missing": ("no time", "缺少时间"), "late": ("received too late", "到达过晚"),
               "skew": ("its clock is ahead", "时钟超前"), "not finite": ("not a finite number", "不是有限的数")},
    "heading": {"Why": ("Why", "原因"), "Wrong": ("Wrong", "错误示例"), "Mended": ("Mended", "改正后")},
    "type": {"integer": ("integer", "整数"), "number": ("number", "数字"), "text": ("text", "文本"),
             "boolean": ("boolean", "真假值"), "date": ("date", "日期"), "time": ("time", "时间")},
    "unit": {"share": ("share, shown in %", "比例，以 % 显示"), "score": ("score, 0 to 100", "得分，0 至 100"),
             "nps": ("net promoter score, -100 to 100", "净推荐值，−100 至 100"), "count": ("count", "计数"),
             "number": ("number", "数字"), "ms": ("milliseconds (ms)", "毫秒（ms）"), "s": ("seconds (s)", "秒（s）"),
             "us": ("microseconds (us)", "微秒（us）"), "min": ("minutes (min)", "分钟（min）"),
             "h": ("hours (h)", "小时（h）"), "d": ("days (d)", "天（d）")},
}

WORDS: Final[dict[str, Phrase]] = {
    **HELP, **OPTIONS, **SHOW, **TEST, **DIFF, **PREVIEW, **COVERAGE, **RUN, **_GENERAL,
    **{f"{kind}.{name}": Phrase(*both) for kind, terms in _TERMS.items() for name, both in terms.items()}}
