"""Our own terms as they appear in facts, in Chinese.  What somebody wrote is never translated."""

from __future__ import annotations

from typing import Final

TERMS: Final[dict[str, str]] = {
    # shapes of YAML
    "map": "映射", "list": "列表", "map or text": "映射或文本", "list of text": "文本列表", "text or list": "文本或列表",
    "list or text": "列表或文本", "nesting": "嵌套层数", "the number of nodes": "节点数", "the number of characters": "字符数",
    "the number of faults in one file": "一个文件中的错误数",
    "the number of operations of a derived column": "派生列的运算数",
    "holiday": "节假日", "workday": "工作日",
    "a map": "映射", "a list": "列表", "text": "文本", "a number": "数字", "a whole number": "整数",
    "true or false": "true 或 false", "a date": "日期", "nothing": "空值", "a text": "文本", "a formula": "公式",
    "a map or text": "映射或文本", "a map or a list": "映射或列表", "a map or a number": "映射或数字",
    "a list of text": "文本列表", "one value": "单个值", "a duration": "时长", "a percentage": "百分比",
    "a column of the table, or an expression": "表中的列或表达式",
    # things with names
    "source": "数据源", "column": "列", "indicator": "指标", "dimension": "维度", "template": "模板",
    "benchmark": "基准", "test": "测试", "alert": "预警", "view": "视图", "project": "项目", "parameter": "参数",
    "a source": "数据源", "a column": "列", "an indicator": "指标", "a dimension": "维度", "a condition": "条件",
    "a score": "分数", "an option": "选项", "a scale": "量表", "a period": "周期", "a range": "范围",
    "a folder of its own": "单独的文件夹", "two ends such as 0..10": "两个端点，例如 0..10", "owner": "负责人", "target": "目标",
    "the code of a warning": "警告的代码", "owner, target or test": "owner、target 或 test",
    "a day, or the first and the last of some: 2026-10-01..2026-10-07": "某一天，或起止日期如 2026-10-01..2026-10-07",
    "the calendar": "日历",
    # why a file is no YAML
    "these brackets are not closed, or what is in them is not parted by commas": "括号没有闭合，或其中各项没有用逗号分隔",
    "a quote is never closed": "引号没有闭合", "a control character, which is not to be seen": "有看不见的控制字符",
    "a text without quotes holds a colon and a blank": "未加引号的文本中有冒号和空格",
    "this colon is full-width": "冒号是全角的", "the line above has no colon": "上一行没有冒号",
    "this key stands below one that has a value already": "上面的键已经有值，不能再有下级",
    "a tab stands where blanks indent": "缩进处用了制表符", "a text cannot begin with this sign": "文本不能以这个符号开头",
    "something follows the quote that ends a text": "结束文本的引号后面还有内容",
    "this line is indented unlike those above": "这一行的缩进与上面各行不一致",
    "`\\` means something else between double quotes": "双引号中的 `\\` 另有含义",
    "a list begins behind a key": "列表写在了键的后面", "this alias has no anchor above it": "这个别名在上文没有对应的锚点",
    "the crossing of all margins": "所有边际的交叉", "a margin at least": "至少一个边际",
    "each dimension once": "每个维度只写一次",
    "one value of each dimension": "每个维度各写一个取值", "two factors around 1, such as 0.3..3": "1 两侧的两个倍数，例如 0.3..3",
    "a share such as 51%, or how many people, above 0 and all alike": "大于 0 的比例（如 51%）或人数，写法须一致",
    "a day from 1900-01-01 to 2199-12-31": "1900-01-01 至 2199-12-31 之间的日期",
    # what is wrong with files
    "the packed stream is broken": "压缩流已损坏", "the header holds a NUL character": "表头含有 NUL 字符",
    "it has more than 10,000 columns": "列数超过 10,000",
    "the name of a schema has 1 to 63 bytes, all of them characters": "模式名称须为 1 至 63 字节的可见字符",
    "an expression": "算式",
    # what is wrong with databases and their addresses
    "an address that begins with postgresql:// or mysql://": "以 postgresql:// 或 mysql:// 开头的地址",
    "an address that begins with postgresql://": "以 postgresql:// 开头的地址", "a host after ://": "在 :// 之后写明主机",
    "the name of a database after the host": "在主机之后写明数据库名称",
    "no option but sslmode=disable|prefer|require|verify-ca|verify-full":
        "除 sslmode=disable|prefer|require|verify-ca|verify-full 外不带选项",
    "an address such as postgresql://user@host:5432/database": "地址，例如 postgresql://user@host:5432/database",
    "it holds bytes that are not UTF-8": "其中有不是 UTF-8 的字节", "a row is too long, or not UTF-8": "有一行过长，或不是 UTF-8",
    # kinds of value and units
    "number": "数字", "share": "比例", "duration": "时长", "score": "分数", "nps": "净推荐值", "count": "计数",
    "date": "日期", "time": "时间", "a time": "时间", "condition": "条件", "money": "金额", "points": "量表分",
    "a share": "比例", "a count": "计数", "rows": "行", "boolean": "真假值", "unknown": "未知",
    # values of options and keys
    "a share such as 60%": "比例，例如 60%",
    "a time such as 30 min": "时长，例如 30 min",
    "0, or a whole number from 10 to 99": "0，或 10 到 99 之间的整数",
    "at least one value": "至少一个值",
    "each value once": "每个值只写一次",
    "a column, or a day of the calendar such as 2026-10-01": "列名，或真实日期如 2026-10-01",
    "a number above 0": "大于 0 的数字", "a whole number from -15 to 15": "-15 至 15 的整数",
    "a number between 0 and 1": "0 与 1 之间的数字", "a range such as 9..10": "范围，例如 9..10",
    "means or ratios": "means 或 ratios",
    "a whole number from 0": "不小于 0 的整数", "a whole number from 1": "不小于 1 的整数",
    "a share such as 1%": "比例，例如 1%", "a time zone such as Asia/Shanghai": "时区，例如 Asia/Shanghai",
    "a value that is no list": "非列表的值",
    "a number from 0": "不小于 0 的数字",
    "epoch_s, epoch_ms or a pattern such as %d.%m.%Y": "epoch_s、epoch_ms 或 %d.%m.%Y 之类的格式",
    "a date such as 2026-07-01": "日期，例如 2026-07-01",
    "a duration such as 3 d": "时长，例如 3 d", "a number of answers, or census": "样本量，或 census（全量）",
    "an indicator and the name of a peer": "一个指标和一个同业的名称", "the number of cells in a line": "一行的格数",
    "no such file": "没有这个文件",
    "an aggregate": "聚合", "pairs of a value and its weight": "成对的值与权重",
    # what patterns are refused for
    "a pattern that is no constant text": "不是常量文本的模式", "a pattern this large": "这样大的模式",
    "look-around, flags or named groups": "环视、标志和命名分组", "back-references": "反向引用",
    "an escape that not both engines know": "并非两个引擎都支持的转义", "a backslash at the end": "末尾的反斜杠",
    "a bracket that is not closed": "未闭合的括号", "a closing bracket too many": "多余的右括号",
    "a repetition of nothing": "没有对象的重复", "a NUL character": "NUL 字符", "an empty class": "空的字符类",
    "a repetition other than {2}, {2,} or {2,5}": "{2}、{2,}、{2,5} 以外的重复写法",
    "a class with a range that is none": "字符类中不成立的范围", "operations in a class": "字符类中的运算",
}
