"""CX4xx: the pyramid: weights, scores, targets, rules of combination."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

OTHER_WEIGHT = Phrase("weighs {weight}", "权重 {weight}")
SAME_MEANING = Phrase("`{other}` is the same", "`{other}` 与之相同")
OTHER_TOUCHPOINT = Phrase("counts for `{other}` here", "在这里计入 `{other}`")

WEIGHTS_SUM = Code(
    "CX401", "weights-sum",
    Phrase("the weights under `{parent}` add up to {total}, not 100 %", "`{parent}` 下的权重合计 {total}，不是 100 %"),
    label=Phrase("{parts} = {total}", "合计 {parts} = {total}"),
    note=Phrase("percentages say that nothing is left over", "百分比意味着没有剩余"),
    help=Phrase("correct a weight, or write plain numbers, which are brought to 100 % by themselves",
                "请更正权重，或写成普通数字，会自动归一到 100 %"))
WEIGHTS_NEAR_ONE = Code(
    "CX412", "weights-near-one",
    Phrase("the weights under `{parent}` add up to {total}, not 1", "`{parent}` 下的权重合计 {total}，不是 1"),
    severity="warning",
    label=Phrase("they count as {parts}", "实际按 {parts} 计"),
    note=Phrase("plain numbers are brought to 100 % by themselves, so none counts as it is written",
                "普通数字会自动归一到 100 %，因此每个权重都与所写的不同"),
    help=Phrase("correct a weight; write percentages to be told by an error, or whole numbers (`4`, `5`) where only "
                "proportions are meant",
                "请更正权重；写成百分比时合计不符会报错，只表示比例时请写整数（`4`、`5`）"))
WEIGHTS_MIXED = Code(
    "CX402", "weights-mixed",
    Phrase("weights under `{parent}` are partly percentages, partly plain numbers",
           "`{parent}` 下的权重有的是百分比，有的是普通数字"),
    label=Phrase("unlike the others", "与其他权重写法不同"),
    help=Phrase("write all of them one way", "请统一写法"))
WEIGHT_MISSING = Code(
    "CX403", "weight-missing",
    Phrase("the child `{child}` has no weight", "下级指标 `{child}` 没有权重"),
    label=Phrase("weight missing", "缺少权重"),
    help=Phrase("add `weight` to it", "请为它加上 `weight`"))
WEIGHT_NEGATIVE = Code(
    "CX404", "weight-negative",
    Phrase("the weight of `{child}` is below zero", "`{child}` 的权重小于零"),
    label=Phrase("below zero", "小于零"),
    note=Phrase("the direction of an indicator belongs to its score", "指标的好坏方向由计分规则表达"),
    help=Phrase("use a weight above zero, and let `score` say that less is better",
                "请用大于零的权重，并在 `score` 中表达越小越好"))
CHILD_WITHOUT_SCORE = Code(
    "CX405", "child-without-score",
    Phrase("the child `{child}` of `{parent}` has no score: it is {unit}",
           "`{parent}` 的下级 `{child}` 没有计分规则：它的单位是 {unit}"),
    label=Phrase("{unit}, not a score", "是 {unit}，不是分数"),
    note=Phrase("a composite averages scores from 0 to 100", "复合指标对 0 到 100 的分数求平均"),
    help=Phrase("add a `score` rule to `{child}`, such as `score: {example}`",
                "请为 `{child}` 加上 `score`，例如 `score: {example}`"))
ANCHORS_NOT_MONOTONE = Code(
    "CX406", "anchors-not-monotone",
    Phrase("the score anchors rise and fall", "计分锚点有升有降"),
    label=Phrase("turns back here", "在这里折返"),
    note=Phrase("with more points the value has to move in one direction", "分数越高，数值须朝同一方向变化"),
    help=Phrase("put the anchors in one direction", "请让锚点朝同一方向排列"))
ANCHORS_TOO_FEW = Code(
    "CX407", "anchors-too-few",
    Phrase("a score needs two anchors at least", "计分规则至少需要两个锚点"),
    label=Phrase("not enough anchors", "锚点不够"),
    help=Phrase("say which value earns 0 and which earns 100", "请写明多少得 0 分、多少得 100 分"))
TARGET_UNIT = Code(
    "CX408", "target-unit",
    Phrase("the target is in {found}, the indicator in {expected}", "目标的单位是 {found}，指标是 {expected}"),
    label=Phrase("this is {found}", "这是 {found}"),
    note=Phrase("the gap is the difference of the two", "差距是两者之差"),
    help=Phrase("write the target in {expected}", "请以 {expected} 书写目标"))
UNKNOWN_RULE = Code(
    "CX409", "unknown-rule",
    Phrase("unknown rule `{name}` for `{kind}`", "`{kind}` 没有规则 `{name}`"),
    label=Phrase("no such rule", "没有这条规则"),
    help=Phrase("`{kind}` knows: {known}", "`{kind}` 可用：{known}"))
ACROSS_UNKNOWN = Code(
    "CX410", "across-unknown",
    Phrase("a score across `{dimension}` needs a dimension of that name", "要在 `{dimension}` 间计分，须有这个维度"),
    label=Phrase("not a dimension", "不是维度"),
    help=Phrase("declare `{dimension}` under `dimensions`", "请在 `dimensions` 下声明 `{dimension}`"))
CUT_NOT_DECLARED = Code(
    "CX411", "cut-not-declared",
    Phrase("no cut of the project has `{dimension}`", "项目的切分中没有 `{dimension}`"),
    label=Phrase("never cut by this", "从不按此切分"),
    help=Phrase("add `[{dimension}]` to the project's `cuts`", "请在项目的 `cuts` 中加入 `[{dimension}]`"))
LEVEL_ORDER = Code(
    "CX414", "level-order",
    Phrase("`{child}` ({child_level}) stands under `{parent}` ({parent_level})",
           "`{child}`（{child_level}）位于 `{parent}`（{parent_level}）之下"),
    label=Phrase("a higher level under a lower one", "较高的层级在较低的层级之下"),
    note=Phrase("levels go north_star, journey, touchpoint, factor, from the top",
                "层级从上到下依次为 north_star、journey、touchpoint、factor"),
    help=Phrase("change one of the two levels, or hang `{child}` above `{parent}`",
                "请更正其中一个层级，或把 `{child}` 放到 `{parent}` 之上"),
    severity="warning")
ZERO_WEIGHT = Code(
    "CX415", "zero-weight",
    Phrase("the weight of `{child}` is zero", "`{child}` 的权重为零"),
    label=Phrase("cannot matter", "不起作用"),
    help=Phrase("give it a weight, or take it out of the children", "请给它权重，或从下级指标中去掉"),
    severity="warning")
GEOMETRIC_FLOOR = Code(
    "CX416", "geometric-floor",
    Phrase("one child at 0 leaves `{parent}` without a value", "只要一个下级为 0，`{parent}` 就没有数值"),
    label=Phrase("`{rule}` multiplies or divides by scores", "`{rule}` 会乘以或除以分数"),
    note=Phrase("geometric and harmonic means are not defined where a score is 0 or below",
                "分数为 0 或小于 0 时，几何平均与调和平均没有定义"),
    help=Phrase("let the lowest anchor of each child earn more than 0, such as 1",
                "请让每个下级的最低锚点大于 0，例如 1"),
    severity="warning")
VALUE_UNIT = Code(
    "CX417", "value-unit",
    Phrase("a value in {found} stands where {expected} is wanted", "此处需要 {expected}，写的是 {found}"),
    label=Phrase("this is {found}", "这是 {found}"),
    note=Phrase("what a value is held against is in one unit with it", "与之比较的数值须为同一单位"),
    help=Phrase("write it in {expected}, or correct the formula it belongs to, or the `unit` of its column",
                "请以 {expected} 书写，或更正所属的公式，或更正其中列的 `unit`"))
RULE_ARGUMENTS = Code(
    "CX418", "rule-arguments",
    Phrase("`{name}` takes values: {count}, options: {options}", "`{name}` 需要值 {count} 个，选项：{options}"),
    label=Phrase("written otherwise here", "这里的写法不同"),
    help=Phrase("write it as in `{example}`", "写法例如 `{example}`"))
ANCHOR_POINTS = Code(
    "CX419", "anchor-points",
    Phrase("the points of an anchor are a number, not `{points}`", "锚点的分数应为数字，不是 `{points}`"),
    label=Phrase("points `{points}`", "分数 `{points}`"),
    help=Phrase("write points first and the value behind: `{{0: 8 s, 100: 1 s}}`",
                "先写分数，后写数值：`{{0: 8 s, 100: 1 s}}`"))
DIRECTION_CONTRADICTS = Code(
    "CX420", "direction-contradicts",
    Phrase("the direction is `{direction}`, and the score says otherwise", "方向写作 `{direction}`，与计分规则不符"),
    label=Phrase("declared here", "在这里声明"),
    help=Phrase("leave `direction` out: it follows from the anchors", "请删去 `direction`：它由锚点决定"))
WEIGHT_WITHOUT_PARENT = Code(
    "CX421", "weight-without-parent",
    Phrase("`{id}` has a weight and no parent", "`{id}` 有权重，但没有上级指标"),
    label=Phrase("a share of what is open", "不清楚占谁的份额"),
    help=Phrase("write the weight under the parent's `children`", "请把权重写在上级指标的 `children` 下"))
REQUIRED_NOT_CHILD = Code(
    "CX422", "required-not-child",
    Phrase("`{name}` is required, and no child of `{parent}`", "`{name}` 被列为必需，却不是 `{parent}` 的下级"),
    label=Phrase("not among its children", "不在其下级之中"),
    note=Phrase("a composite can only lack what it is made of", "复合指标只会缺少自己的组成部分"),
    help=Phrase("name a child of `{parent}`, or leave it out", "请改为 `{parent}` 的下级，或将其删去"))
RULE_VALUES = Code(
    "CX423", "rule-values",
    Phrase("`{name}` has no answer for these values", "`{name}` 在这些取值下没有结果"),
    label=Phrase("must hold: {expected}", "须满足：{expected}"),
    help=Phrase("change the values so that this holds: {expected}", "请更改数值，使其满足：{expected}"))
NEUTRAL_UNIT = Code(
    "CX424", "neutral-unit",
    Phrase("the neutral value is in {found}, the children are combined in {expected}",
           "中性值的单位是 {found}，下级则按 {expected} 合并"),
    label=Phrase("this is {found}", "这是 {found}"),
    note=Phrase("a neutral value stands in the place of a child", "中性值代替缺失的下级"),
    help=Phrase("write it in {expected}", "请以 {expected} 书写"))
OUT_OF_REACH = Code(
    "CX425", "target-out-of-reach",
    Phrase("the target `{value}` lies beyond what can come out: {low} to {high}",
           "目标 `{value}` 超出可能的取值：{low} 至 {high}"),
    severity="warning",
    label=Phrase("never reached", "不会达到"),
    note=Phrase("the ends follow from the formula: a share has 0% to 100%, an NPS −100 to 100, a mean its scale",
                "两端由公式得出：比例为 0% 至 100%，净推荐值为 −100 至 100，均值不出量表"),
    help=Phrase("correct the target, or the formula or scale it is held against", "请更正目标，或与之比较的公式或量表"))
NEUTRAL_OUT_OF_REACH = Code(
    "CX429", "neutral-out-of-reach",
    Phrase("`{value}` lies beyond what a child can give: {low} to {high}", "`{value}` 超出下级可能的取值：{low} 至 {high}"),
    label=Phrase("no child could be that", "任何下级都得不到"),
    note=Phrase("it would pull the parent where no answer could", "它会把上级拉到任何回答都到不了的地方"),
    help=Phrase("write a value between the two", "请写两者之间的值"))
POINTS_OFF_SCALE = Code(
    "CX426", "points-off-scale",
    Phrase("{points} points lie outside 0 to 100", "{points} 分不在 0 到 100 之间"),
    severity="warning",
    label=Phrase("no place on the scale of scores", "不在计分范围内"),
    note=Phrase("parents weigh scores from 0 to 100; more than that lets one child hide what is wrong with others",
                "上级对 0 到 100 的分数加权；超出的部分会让一个下级掩盖其他下级的问题"),
    help=Phrase("write points from 0 to 100; of anchors, points come first and values after: `{{0: 8 s, 100: 1 s}}`",
                "分数请写 0 到 100；锚点先写分数，后写数值：`{{0: 8 s, 100: 1 s}}`"))
BEST_OUT_OF_REACH = Code(
    "CX427", "best-out-of-reach",
    Phrase("nothing ever earns {points} points: values lie from {low} to {high}",
           "永远得不到 {points} 分：取值在 {low} 至 {high} 之间"),
    severity="warning",
    label=Phrase("never reached", "不会达到"),
    note=Phrase("of anchors, points come first and values after: `{{0: 8 s, 100: 1 s}}`",
                "锚点先写分数，后写数值：`{{0: 8 s, 100: 1 s}}`"),
    help=Phrase("put the most points at a value that can be reached", "请把最高分放在可以达到的数值上"))
MORE_POINTS = Phrase("earns up to {most} points", "最多得 {most} 分")
POINTS_UNLIKE = Code(
    "CX428", "points-unlike",
    Phrase("`{child}` earns at most {points} points, and `{other}` {most}",
           "`{child}` 最多得 {points} 分，而 `{other}` 最多得 {most} 分"),
    severity="warning",
    label=Phrase("points on a shorter scale", "计分范围较短"),
    note=Phrase("weights say how much a child matters; points on unlike scales undo them",
                "权重表示各下级的重要程度；计分范围不同会抵消权重"),
    help=Phrase("let both earn up to the same number of points", "请让两者的最高分相同"))
OTHER_KIND = Phrase("this one is {other_kind}", "这一个是 {other_kind}")
COUNTED_HERE = Phrase("counts the same rows", "统计的是同样的行")
POOLED_NOT_ROWS = Code(
    "CX430", "pooled-not-rows",
    Phrase("`{child}` has no rows of its own to pool", "`{child}` 没有可合并统计的行"),
    label=Phrase("more than one function of rows, or none", "不是单独一个按行计算的函数"),
    note=Phrase("pooling counts the rows of all children together, so each has to be one function of rows",
                "`pooled` 把全部下级的行合在一起统计，因此每个下级须是一个按行计算的函数"),
    help=Phrase("combine `{parent}` by weights, or take `{child}` out of it",
                "请对 `{parent}` 改用加权合并，或去掉 `{child}`"))
POOLED_UNLIKE = Code(
    "CX431", "pooled-unlike",
    Phrase("`{child}` and `{other}` cannot be pooled: they are not the same kind of measure",
           "`{child}` 与 `{other}` 不能合并统计：它们不是同一种度量"),
    label=Phrase("this one is {kind}", "这一个是 {kind}"),
    note=Phrase("pooled rows are counted by one function, with one set of options, in one unit",
                "合并后的行由同一个函数、同样的选项、同一个单位来统计"),
    help=Phrase("write both alike, or combine `{parent}` by weights", "请把两者写成一致，或对 `{parent}` 改用加权合并"))
WEIGHT_UNUSED = Code(
    "CX432", "weight-unused",
    Phrase("the weight of `{child}` has no effect", "`{child}` 的权重不起作用"),
    label=Phrase("`{rule}` takes no weights", "`{rule}` 不使用权重"),
    note=Phrase("pooled children matter by their rows, those of a formula as it says",
                "合并统计时按行数起作用，用公式合并时按公式起作用"),
    help=Phrase("write the children as a map without weights: `children: [a, b]`",
                "请不写权重：`children: [a, b]`"))
MISSING_RULE_UNFIT = Code(
    "CX433", "missing-rule-unfit",
    Phrase("`{rule}` cannot hold with `combine: {combine}`", "`{rule}` 不能与 `combine: {combine}` 同用"),
    label=Phrase("no such choice here", "此处不能这样写"),
    help=Phrase("take another rule for `missing`, or combine by weights", "请改用其他 `missing` 规则，或改为加权合并"))
POOLED_TWICE = Code(
    "CX434", "pooled-twice",
    Phrase("`{child}` and `{other}` count the same rows", "`{child}` 与 `{other}` 统计的是同样的行"),
    label=Phrase("would be counted twice", "会被重复统计"),
    help=Phrase("take one of them out", "请去掉其中一个"))
NAMED_NOT_CHILD = Code(
    "CX435", "named-not-child",
    Phrase("`{name}` is no child of `{parent}`", "`{name}` 不是 `{parent}` 的下级"),
    label=Phrase("not among its children", "不在其下级之中"),
    note=Phrase("`combine` speaks of the children, so that the tree shows all that a number is made of",
                "`combine` 只涉及下级，这样树上能看到数值的全部组成"),
    help=Phrase("add `{name}` to the children of `{parent}`", "请把 `{name}` 加入 `{parent}` 的下级"))
ROWS_IN_COMBINE = Code(
    "CX436", "rows-in-combine",
    Phrase("`{function}` has no place in `combine`", "`{function}` 不能用在 `combine` 中"),
    label=Phrase("a function of rows, or of other days", "按行或按其他日期计算的函数"),
    note=Phrase("`combine` works on what the children give in a period", "`combine` 作用于下级在同一周期的结果"),
    help=Phrase("make it a child of `{parent}`, and name that child here", "请把它定义为 `{parent}` 的下级，再在此引用"))
CHILD_UNUSED = Code(
    "CX437", "child-unused",
    Phrase("the child `{child}` has no part in `{parent}`", "下级 `{child}` 没有参与 `{parent}` 的计算"),
    label=Phrase("not in the formula of `combine`", "不在 `combine` 的公式中"),
    help=Phrase("name `{child}` in the formula, or take it out of the children", "请在公式中用到 `{child}`，或将其删去"))
LEAVES_UNFIT = Code(
    "CX438", "leaves-unfit",
    Phrase("`aggregate: leaves` cannot hold with `combine: {combine}`",
           "`aggregate: leaves` 不能与 `combine: {combine}` 同用"),
    label=Phrase("leaves are combined by their weights", "叶子指标按权重合并"),
    note=Phrase("an effective weight is the product of the weights on the way down", "有效权重是一路向下各权重之积"),
    help=Phrase("leave `aggregate` out, or combine by weights", "请删去 `aggregate`，或改用加权合并"))
VERSIONS_ORDER = Code(
    "CX440", "versions-order",
    Phrase("{day} does not come after {before}", "{day} 不在 {before} 之后"),
    label=Phrase("has to be later", "须更晚"),
    note=Phrase("versions stand in the order of their days, after the first day of the indicator itself",
                "各版本须按日期先后排列，且晚于指标本身的起始日"),
    help=Phrase("put the versions in order, each with a day of its own", "请按先后排列，每个版本用不同的日期"))
VERSION_UNLIKE = Code(
    "CX441", "version-unlike",
    Phrase("from {day} on, `{indicator}` is another measure: {found}, before it was {expected}",
           "自 {day} 起 `{indicator}` 变成了另一种度量：{found}，此前为 {expected}"),
    label=Phrase("another unit, direction, or score", "单位、方向或计分与此前不同"),
    note=Phrase("the versions of an indicator are one series: one unit, one direction, scored in all or in none",
                "同一指标的各版本是同一序列：单位、方向一致，且要么都计分要么都不计分"),
    help=Phrase("bring the version to {expected}, or make it an indicator of its own",
                "请把该版本改为 {expected}，或另建一个指标"))
VERSION_NEVER = Code(
    "CX442", "version-never",
    Phrase("a version that begins on {day} never holds: the indicator ends on {end}",
           "始于 {day} 的版本永不生效：指标止于 {end}"),
    label=Phrase("after the end", "在截止日之后"),
    help=Phrase("correct the day, or take the version out", "请更正日期，或删去该版本"))
VERSIONED_WITHIN = Code(
    "CX443", "versioned-within",
    Phrase("`{indicator}` is not made alike in all periods, and cannot stand with `{use}`",
           "`{indicator}` 并非在所有周期都以同样的方式计算，不能与 `{use}` 同用"),
    label=Phrase("has versions, or holds for a time only", "含有多个版本或有效期"),
    note=Phrase("what looks through an indicator at what it is made of would take the last rules for those of all days",
                "直接使用指标内部构成的写法，会把最后的规则当作所有日期的规则"),
    help=Phrase("combine it by weights, as it is, or take its dates out", "请按权重合并该指标本身，或删去其日期"))
DUPLICATE_MEANING = Code(
    "CX439", "duplicate-meaning",
    Phrase("`{id}` means the same as `{other}`", "`{id}` 与 `{other}` 含义相同"),
    label=Phrase("defined a second time", "重复定义"),
    note=Phrase("a correction of one of the two would leave the other as it was", "只改其中一个，另一个仍是旧的定义"),
    help=Phrase("use `{other}` in its place: a child may have many parents, and a formula may be a name, "
                "`formula: {other}`", "请改用 `{other}`：一个下级可有多个上级，公式也可以只写指标名 `formula: {other}`"),
    severity="warning")
WEIGHT_TOO_SMALL = Code(
    "CX444", "weight-too-small",
    Phrase("the weight of `{child}` moves `{parent}` by {points} points at most",
           "`{child}` 的权重最多使 `{parent}` 变动 {points} 分"),
    label=Phrase("less than is shown", "小于显示的精度"),
    note=Phrase("between the worst and the best `{child}` there is no difference that anybody sees in `{parent}`",
                "无论 `{child}` 最好还是最差，从 `{parent}` 上都看不出差别"),
    help=Phrase("give it more weight, or take it out of the children", "请加大它的权重，或从下级指标中去掉"),
    severity="warning")
WORST_OUT_OF_REACH = Code(
    "CX445", "worst-out-of-reach",
    Phrase("nothing ever earns as few as {points} points: values lie from {low} to {high}",
           "永远不会低到 {points} 分：数值范围为 {low} 到 {high}"),
    label=Phrase("out of reach", "无法达到"),
    note=Phrase("everybody gets the points between for nothing, and differences look smaller than they are",
                "这一段分数人人白得，差别看上去比实际小"),
    help=Phrase("let the fewest points stand at the worst value that can come out", "请让最低分对应可能出现的最差数值"),
    severity="warning")
INDICATOR_LACKS = Code(
    "CX446", "indicator-lacks",
    Phrase("`{id}` has no {what}", "`{id}` 没有{what}"),
    label=Phrase("no {what}", "没有{what}"),
    note=Phrase("the project asks for one by `must_have`", "项目以 `must_have` 要求必须有"),
    help=Phrase("add it, or allow it here: `# cx: allow CX446 because …`", "请补上，或在此允许：`# cx: allow CX446 because …`"),
    severity="warning")
TWO_TOUCHPOINTS = Code(
    "CX447", "two-touchpoints",
    Phrase("`{value}` of `{column}` counts for two touchpoints: `{first}` and `{second}`",
           "`{column}` 的 `{value}` 计入了两个触点：`{first}` 和 `{second}`"),
    label=Phrase("counts for `{second}` here", "在这里计入 `{second}`"),
    note=Phrase("the lists of the two differ, so it is not one rule for both, and every such row weighs twice",
                "两处的清单并不相同，所以不是共用一条规则，而这样的行会算两次"),
    help=Phrase("keep it in one of the two lists", "请只保留在其中一份清单里"),
    severity="warning")
