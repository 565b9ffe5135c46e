"""CX3xx: surveys, and the populations they are drawn from."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

_UNWEIGHTED = Phrase("what these weights are asked for is missing there, with the status `failed`",
                     "依赖这些权重的数值在该周期缺失，状态为 `failed`")

SHARES_INCOMPLETE = Code(
    "CX356", "shares-incomplete",
    Phrase("the shares of the margin `{margin}` come to {total}", "边际 `{margin}` 的比例合计为 {total}"),
    label=Phrase("expected 100%", "应为 100%"),
    note=Phrase("a category that is left out has people, and their weight would go to the others",
                "漏写的类别也有人，其权重会被分给其他类别"),
    help=Phrase("add what is lacking, or write how many people there are instead of shares",
                "请补上缺少的类别，或以人数代替比例"))
VALUE_WITHOUT_SHARE = Code(
    "CX350", "value-without-share",
    Phrase("`{dimension}` has the value `{value}`, of which the margin says nothing",
           "维度 `{dimension}` 有取值 `{value}`，边际没有给出它的比例"),
    label=Phrase("this margin", "这个边际"),
    note=Phrase("how much its rows weigh would be open", "这些行的权重无从确定"),
    help=Phrase("give it a share, or take it out of the `values` of the dimension",
                "请给出它的比例，或从维度的 `values` 中删去"))
POPULATIONS_DIFFER = Code(
    "CX351", "populations-differ",
    Phrase("the margin `{margin}` counts {people} people, and `{other}` {others}",
           "边际 `{margin}` 共 {people} 人，`{other}` 共 {others} 人"),
    label=Phrase("another population", "总体不同"),
    note=Phrase("all margins are of one population", "所有边际应来自同一总体"),
    help=Phrase("take the counts from one table, or write shares", "请取自同一张表，或改写为比例"))
MARGIN_NOT_MADE = Code(
    "CX352", "margin-not-made",
    Phrase("the files of `{source}` do not tell `{dimension}`, which its weights are raked to",
           "数据源 `{source}` 的文件没有维度 `{dimension}`，而权重要按它校准"),
    label=Phrase("this margin", "这个边际"),
    help=Phrase("name the column under `dimensions` of the source, or look the dimension up",
                "请在数据源的 `dimensions` 下写明列名，或用查找表给出该维度"))
CATEGORY_EMPTY = Code(
    "CX353", "category-empty",
    Phrase("the rows of `{source}` cannot be raked from {first} to {last}: nobody is in `{value}` of `{margin}`",
           "数据源 `{source}` 在 {first} 至 {last} 无法校准权重：边际 `{margin}` 的 `{value}` 没有任何行"), severity="warning",
    label=Phrase("this margin", "这个边际"),
    note=_UNWEIGHTED,
    help=Phrase("join it to another category, or rake longer stretches with `per`",
                "请并入其他类别，或用 `per` 在更长的时段内校准"))
CATEGORY_UNKNOWN = Code(
    "CX354", "category-unknown",
    Phrase("the rows of `{source}` cannot be raked from {first} to {last}: {count} of them are in no category of "
           "`{margin}`",
           "数据源 `{source}` 在 {first} 至 {last} 无法校准权重：有 {count} 行不属于边际 `{margin}` 的任何类别"), severity="warning",
    label=Phrase("this margin", "这个边际"),
    note=_UNWEIGHTED,
    help=Phrase("give their value a share, or close the dimension with `values`: rows of others are then rejected",
                "请给出其取值的比例，或用 `values` 限定维度取值：其他取值的行会被拒收"))
MARGINS_NOT_MET = Code(
    "CX355", "margins-not-met",
    Phrase("the rows of `{source}` cannot be raked from {first} to {last}: after {passes} passes the margins are "
           "missed by {gap}",
           "数据源 `{source}` 在 {first} 至 {last} 无法校准权重：迭代 {passes} 次后边际仍相差 {gap}"), severity="warning",
    label=Phrase("these margins", "这些边际"),
    note=_UNWEIGHTED,
    help=Phrase("margins that are crossed in too few rows contradict each other: join categories, or rake longer "
                "stretches with `per`",
                "交叉后行数过少的边际会互相矛盾：请合并类别，或用 `per` 在更长的时段内校准"))
TRIANGULATED_WITH_ITSELF = Code(
    "CX357", "triangulated-with-itself",
    Phrase("`{indicator}` is triangulated with `{other}`, and one is made of the other",
           "`{indicator}` 与 `{other}` 互相印证，但其中一个由另一个构成"),
    label=Phrase("not another look at it", "不是另一个视角"),
    note=Phrase("they would agree whatever happens", "无论如何两者都会一致"),
    help=Phrase("name an indicator of other rows, such as what was measured beside what was answered",
                "请写来自其他数据的指标，例如与问卷回答相对的实测指标"))
DIVERGES = Code(
    "CX358", "diverges",
    Phrase("in the period from {period} `{indicator}` got better and `{other}` worse",
           "在 {period} 开始的周期中，`{indicator}` 变好而 `{other}` 变差"), severity="warning",
    label=Phrase("triangulated", "互相印证"),
    note=Phrase("both changes are beyond chance: one of the two looks does not see what the other sees",
                "两个变化都不是偶然：其中一个视角没有看到另一个看到的情况"),
    help=Phrase("see who answers and what is measured, before either number is acted upon",
                "请先核实谁在作答、测的是什么，再据此行动"))
UNITS_UNTOLD = Code(
    "CX374", "units-untold",
    Phrase("`{key}` needs an `entity`: nothing tells the units that were drawn apart",
           "`{key}` 需要 `entity`：没有任何列能区分被抽取的单元"),
    label=Phrase("drawn units of what", "抽取的单元是什么"),
    note=Phrase("how sure an estimate is follows from how units of a stratum differ, and one may have several rows",
                "估计的可靠程度取决于同层各单元之间的差异，而一个单元可能有多行"),
    help=Phrase("name whom a row is about as `entity`; where each row is a unit, a column that numbers the rows",
                "请用 `entity` 写明每行所属单元的列；若每行就是一个单元，请写给各行编号的列"))
POPULATION_NOT_NUMBER = Code(
    "CX360", "population-not-number",
    Phrase("the population `{name}` is {found}, not a number", "总体规模 `{name}` 是 {found}，不是数字"),
    label=Phrase("this is {found}", "这是 {found}"),
    note=Phrase("the more of a stratum was asked, the surer an estimate of it is",
                "一个层里被调查的比例越高，对它的估计就越确定"),
    help=Phrase("name the column that says how many units there are in the stratum of a row",
                "请写明表示该行所在层共有多少单元的列"))
SATURATED = Code(
    "CX359", "saturated",
    Phrase("`{indicator}` is saturated in the period from {period}: all {n} answers are the best there is",
           "`{indicator}` 在 {period} 开始的周期中已饱和：{n} 个回答全部是最优选项"), severity="warning",
    label=Phrase("this item", "这个题目"),
    note=Phrase("an item that everybody gives the best answer to tells nobody apart, and no change for the better",
                "人人都选最优的题目无法区分差异，也看不出改进"),
    help=Phrase("ask for more, on a longer scale, or see whether answers are prompted or preset",
                "请改用更长的量表或更高的要求，并核实回答是否被引导或预填"))
