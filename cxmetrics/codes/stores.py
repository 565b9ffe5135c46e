"""CX8xx: the store of results."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

WITHOUT_LEDGER = Phrase(
    "restore it from a copy; without one, remove the folder of the store and compute everything again",
    "请从备份恢复；没有备份时，请删除存储文件夹，再全部重算")
RETIRED = Phrase(
    "no value of today needs it, only what was known before: restore it from a copy, or let go of it with "
    "`cxmetrics store vacuum --keep 1`",
    "当前数值都用不到它，只有查询过去时才用到：请从备份恢复，或用 `cxmetrics store vacuum --keep 1` 放弃")

STORE_UNWRITABLE = Code(
    "CX801", "store-unwritable",
    Phrase("the store `{path}` cannot be written: {problem}", "无法写入存储 `{path}`：{problem}"),
    note=Phrase("nothing was committed", "没有提交任何内容"),
    help=Phrase("look at the free space and at the rights of the folder, then run again", "请检查剩余空间与文件夹权限，然后重试"))
STORE_LOCKED = Code(
    "CX802", "store-locked",
    Phrase("another run is writing to the store: {owner}", "另一个运行正在写入存储：{owner}"),
    note=Phrase("one run writes at a time; readers are never blocked", "同一时刻只有一个运行写入；读取不受影响"),
    help=Phrase("wait until it has ended, then run again", "请等它结束后再运行"))
STORE_DAMAGED = Code(
    "CX803", "store-damaged",
    Phrase("the store file `{path}` is damaged: {problem}", "存储文件 `{path}` 已损坏：{problem}"),
    help=Phrase("restore it from a copy, or compute everything again with `cxmetrics run --full`",
                "请从备份恢复，或用 `cxmetrics run --full` 全部重算"))
NO_RUN_YET = Code(
    "CX804", "no-run-yet",
    Phrase("the store `{path}` holds no run yet", "存储 `{path}` 中还没有任何运行结果"),
    help=Phrase("compute the indicators with `cxmetrics run`", "请用 `cxmetrics run` 计算指标"))
STORE_NEWER = Code(
    "CX805", "store-newer",
    Phrase("the store was written by a newer cxmetrics (layout {version})",
           "存储由较新的 cxmetrics 写入（格式 {version}）"),
    help=Phrase("update cxmetrics; the store stays as it is", "请升级 cxmetrics；存储保持不变"))
STORE_OLDER = Code(
    "CX809", "store-older",
    Phrase("the store was written by an older cxmetrics (layout {version})",
           "存储由较旧的 cxmetrics 写入（格式 {version}）"),
    note=Phrase("what older versions kept is not read any more; the definitions and the data make it anew",
                "不再读取旧版本保存的内容；可由定义和数据重新生成"),
    help=Phrase("move the folder of the store away and run anew, or go on with the cxmetrics that wrote it",
                "请移走存储文件夹后重新运行，或继续使用写入它的版本"))
KEY_OTHER = Code(
    "CX806", "key-other",
    Phrase("the key of the store `{path}` is not the one under which its persons were hidden",
           "存储 `{path}` 的密钥不是此前隐去个人身份时所用的密钥"),
    note=Phrase("nobody could be known again, and whoever came before would be counted twice",
                "无法再认出同一个人，之前出现过的人会被重复计数"),
    help=Phrase("restore the file `key` of the store, or the variable `{variable}`; without it, `cxmetrics run --full` "
                "computes everything again under the key of now",
                "请恢复存储中的 `key` 文件或环境变量 `{variable}`；无法恢复时，`cxmetrics run --full` 会用现在的密钥全部重算"))
KEY_UNUSABLE = Code(
    "CX807", "key-unusable",
    Phrase("the key in `{path}` is too short or no text", "`{path}` 中的密钥过短或不是文本"),
    note=Phrase("under a short key persons are found out by trying", "密钥过短，可以逐个尝试猜出个人身份"),
    help=Phrase("take at least {least} characters, such as `openssl rand -hex 32` prints",
                "请使用至少 {least} 个字符，例如 `openssl rand -hex 32` 的输出"))
STORE_OF_ANOTHER = Code(
    "CX810", "store-of-another",
    Phrase("the store `{path}` holds values of the project `{found}`, not of `{project}`",
           "存储 `{path}` 保存的是项目 `{found}` 的数值，而不是 `{project}` 的"),
    label=Phrase("this project", "这个项目"),
    note=Phrase("each project would take the other's values for its own, and write over them",
                "两个项目会把对方的数值当作自己的，并相互覆盖"),
    help=Phrase("give each project a `store` of its own; where it is the same one under a new name, run once with "
                "`--renamed-from {found}`",
                "请让每个项目各用自己的 `store`；若只是同一项目改了名称，请用 `--renamed-from {found}` 运行一次"))
STORE_UNREADABLE = Code(
    "CX808", "store-unreadable",
    Phrase("the store file `{path}` cannot be read: {problem}", "无法读取存储文件 `{path}`：{problem}"),
    note=Phrase("what it holds may be whole: nobody has seen it", "其内容可能完好，只是读不到"),
    help=Phrase("readers need the right to read the folder of the store and all in it, and no more",
                "读取者只需要对存储文件夹及其中全部文件的读取权限"))
