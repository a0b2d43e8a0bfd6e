/** Words of drills on the live line (H12). */

export default {
  title: '演练', none: '还没有演练过', begin: '开始演练', reason: '目的', hint: '例如：雨季前演练；会记入审计', name: '名称', nameHint: '同名的演练互相比较', rate: '每分钟来电',
  minutes: '持续（分钟）', keys: '按键', keysHint: '每个菜单按一个键；几组用逗号分开，如 1,1,2', patience: '平均耐心（秒）', talk: '平均通话（秒）', seats: '座席', simulated: '模拟座席',
  real: '真实座席', agents: '模拟座席数', surge: '演练分级响应', realHint: '真实来电优先：有人在等，演练来电就让出座席', start: '开始', stop: '立即停止', stopping: '正在停止',
  running: '进行中：已呼入 {n}/{of}，线上 {line}', again: '再来一次', summary: '总结', ofAll: '合计', figure: '指标', value: '本次', differs: '比上次', first: '没有可比的同名演练',
  against: '与第 {n} 次演练比较', changed: '参数不同：{said}', notes: '发现的问题', note: '记下', noteHint: '什么没做好，预案要改什么', planned: '计划来电 {n}，实际 {calls}',
  gaveWay: '给真实来电让路 {n}', stopped: '随停止结束 {n}', lost: '随系统重启丢失 {n}', menu: '未选队列 {n}', open: '没有结束记录 {n}', notBegun: '未呼入 {n}（{why}）', past: '以往演练',
  by: '{at} {name} 发起',
  figures: { offered: '进入队列', answered: '接起', abandoned: '放弃', short_abandons: '短放弃', overflowed: '第六声后转后备', mean_wait_s: '平均等待（秒）', wait_90_s: '九成等待不超过（秒）', longest_wait_s: '最长等待（秒）', answered_in_2_rings: '两声内接起', service_level: '服务水平', mean_talk_s: '平均通话（秒）' },
  why: { done: '演练结束', by_hand: '人工停止', callers: '真实来电在等，自动停止', surge: '出现真实激增，自动停止', acd_silent: '话务控制无应答，自动停止', too_long: '超过时限，自动停止', refused: '没有开始成' },
  refused: { cap: '超过并发上限', callers: '真实来电在等', late: '错过时刻', acd_silent: '话务控制无应答', other: '其他' },
  setting: { name: '名称', calls_a_minute: '每分钟来电', minutes: '时长', number: '号码', keys: '按键', patience: '耐心', talk: '通话', seats: '座席', agents: '座席数', picks_up: '接起时间', surge: '分级响应', seed: '随机数' },
}
