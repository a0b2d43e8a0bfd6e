/** Words of the storm: surge, outages, emergencies, drills. */
import drills from './drills-zh'

export default {
  tier: { 0: '平时', 1: '一级响应', 2: '二级响应', 3: '三级响应' }, surge: '来电激增',
  does: { 1: '全员接听', 2: '召集休班', 3: '召集支援' },
  why: { arrivals: '来电量远超预测', waiting: '排队来电过多', longest_wait: '最长等待过久', service_level: '服务水平过低', by_hand: '人工启动' },
  because: '原因', since: '{time} 起', lasts: '已 {time}', by: '{name} 启动',
  outlook: {
    next: '距{tier}', down: '距降级', held: '保持本级', heldBy: '{name} 保持', controlled: '已受控', top: '最高级', stays: '保持本级', uncontrolled: '未受控',
    controlledSince: '{time} 起受控', ended: '响应解除', to: '降为{tier}',
  },
  coming: {
    title: '召集', none: '还没有召集', arrived: '到岗 {n}', coming: '在途 {n}', more: '另 {n} 人', waiting: '待呼叫 {n}', due: '{time} 前',
    state: { waiting: '待呼叫', ringing: '呼叫中', accepted: '已应允', refused: '不能到岗', no_answer: '未接听', arrived: '已到岗', late: '应到未到', released: '已撤回' },
  },
  outage: {
    down: '{name}中断', step: { 0: '已报组长', 5: '已报主管', 10: '已报运营与经理', 60: '已报厂商' }, stepOther: '已报至第 {n} 分钟', next: '{time} 后上报',
    acknowledged: '{name} 处理中', nobody: '无人确认', top: '已报最高级',
  },
  incident: {
    level: '{n} 级', nobody: '无指挥人', commander: '指挥 {name}', open: '待办 {n}', late: '超时 {n}', allDone: '步骤已办完', more: '另 {n} 项',
  },
  type: {
    'lift-entrapment': '电梯困人', 'fire-alarm': '火警', 'gas-leak': '燃气泄漏', flooding: '水浸', 'home-power-cut': '家庭停电', storm: '台风暴雨', earthquake: '地震', medical: '急病与受伤',
    'lost-child': '儿童走失', fight: '斗殴', 'drunk-person': '醉酒人员', 'suspicious-person': '可疑人员', vehicle: '车辆被盗或损坏', other: '其他突发事件',
    'own-power-cut': '呼叫中心停电', attack: '线路或网络遭攻击',
  },
  drills,
  drill: { caller: '演练来电', tag: '演练', title: '演练进行中', since: '{time} 起', calls: '演练来电 {n}', by: '{name} 主持', notReal: '演练，非真实情况' },
  line: {
    title: '线路已切走', since: '{time} 起，已 {ago}', announcement: '新来电只听到应急通知', number: '新来电转到外线号码', by: '{name} 切换', phone: '座席 {seat} 的话机切换', console: '控制台切换',
    card: '线路', here: '新来电进本线', goes: '新来电转到 {to}', to: { announcement: '应急通知' }, where: '转到哪里', switch: '切走线路', sure: '确定切走所有新来电', back: '切回本线', unknown: '还不知道线路现在的去向',
  },
  calm: '没有激增，达到门限时自动启动', rests: '{time} 前不自动启动',
  hand: {
    title: '人工处置', reason: '原因', hint: '会显示在看板和情况报告上，不写姓名和号码', first: '先写原因', declare: '启动{tier}', raise: '升到{tier}', lower: '降到{tier}', over: '解除响应', hold: '保持本级',
    letGo: '取消保持', end: '全部解除', endSure: '确定全部解除',
  },
  signal: {
    title: '指标', now: '现在', limit: '启动门限', controlled: '受控标准', agents: '在岗 {n} 人', arrivals: '来电 ÷ 预测', waiting: '排队来电', longest_wait: '最长等待', service_level: '服务水平',
    above: '超过 {limit}', below: '低于 {limit}', most: '不超过 {limit}', least: '不低于 {limit}', lasting: '持续 {time}', crossed: '已越限 {time}', never: '不启用', minutes: '{n} 分钟', seconds: '{n} 秒',
    rule: '{two}未受控升二级，再 {three}升三级；受控 {down}降一级。', byHand: '只由人工启动。',
  },
  callin: {
    none: '现在没有召集', stop: '撤回召集', seat: '座席 {seat}', tries: '呼叫 {n} 次', accept: '应允', arrive: '到岗', refuse: '不来', whom: '召集谁', tier2: '休班坐席', tier3: '支援人员', begin: '开始召集', past: '以往召集',
  },
  fallen: {
    title: '座席缺勤', tell: '报告缺勤，预测接通率', out: '{n} 人缺勤', managerTold: '已报经理', worst: '{time} 起半小时接通率（原来 → 现在 → 补位后）', bring: '建议到岗', short: '仍缺 {n} 人，考虑启动激增响应', lately: '还没有预测，按最近一小时来电估计',
    how: { paused: '暂停中', on_duty: '在班未登录', off_duty: '休班' },
  },
  people: {
    title: '召集名单', none: '名单是空的', noNumber: '无号码', name: '姓名', number: '电话', agent: '工号', add: '加入', remove: '移出', removeSure: '确定移出',
  },
  situation: {
    title: '情况报告', write: '现在写一份', send: '并发送', none: '还没有情况报告',
    acknowledge: '已阅', waiting: '未确认', climbed: '超时未确认，已上报', replaced: '未确认，已有新报告',
  },
  past: {
    title: '以往激增', none: '还没有', highest: '最高{tier}', on: '进行中', ended: '{at} 解除',
    act: { declared: '自动启动', rose: '自动升级', fell: '自动降级', raised: '人工升级', lowered: '人工降级', held: '人工保持', let_go: '取消保持', hold_over: '保持到期' },
  },
  mine: { title: '你被召集', accept: '我来', mobile: '用我的手机接听', onMobile: '来电打到你的手机', refuse: '我来不了' },
  party: {
    guard: '秩序员', cleaner: '保洁', lift_company: '电梯维保', gas_company: '燃气公司', power_company: '供电公司', fire_brigade: '消防', police: '公安', ambulance: '急救', family: '家属', resident: '住户',
  },
  emergency: {
    declare: '宣布突发事件', declareNow: '宣布', declareDrill: '宣布（演练）', type: '类型', level: '级别', place: '地点', what: '发生了什么', conditions: '现场情况', need: '类型、地点和发生了什么都要填',
    phase: { active: '进行中', over: '已解除', closed: '已办结', all: '全部' }, calm: '没有进行中的突发事件', none: '没有', by: '{at} {name} 宣布',
  },
  proposal: { title: '建议宣布', choose: '选类型', unknown: '类型待定', weather: '因天气级别', calls: '{time} 起同一楼 {n} 户来电', accept: '宣布', dismiss: '不是' },
  weather: { title: '天气级别', level: { 0: '正常', 3: '3 级：小雨或预警', 2: '2 级：大雨', 1: '1 级：暴雨' } },
  step: {
    title: '处置清单', optional: '可不做', why: '为什么不需要', left: '剩 {time}', over: '超时 {time}', waiting: '等“{step}”之后',
    say: { begun: '开始', done: '完成', not_needed: '不需要' }, is: { waiting: '等待', open: '待办', begun: '进行中', done: '已完成', not_needed: '不需要' },
  },
  record: { title: '现场情况与记录', note: '记录' },
  command: {
    title: '指挥', to: '移交给', why: '交接说明', handOver: '移交指挥', level: '改级别', how: '如何结束的', over: '宣布解除', hindering: '还差 {n} 项才能解除：', followUp: '安排回访', whyNone: '没有住户受影响的，写明原因',
    close: '办结', left: '办结前还差：',
  },
  broadcast: {
    title: '通知住户', start: '电话通知住户', sure: '确定现在拨打', whole: '整个小区', running: '拨打中', over: '已结束', stop: '停止', again: '未接的再拨', pressed: '已按 1 确认 {n}/{of} 户', heard: '已听到 {n} 户',
    missed: '未接通 {n}', refused: '不拨打 {n}', none: '没有拨打过', drill: '演练不拨打住户', noPlace: '没有写明小区，不能电话通知', noPrompt: '这类事件没有通知语音', copy: '复制', copied: '已复制',
  },
  chat: {
    title: '群消息', to: '发到', send: '发送', own: '改文字', given: '用原文', none: '站点文件没有可发到这个小区的群机器人，请复制文字', drill: '会标明是演练', in: { zh: '中文', en: '英文' },
    state: { sent: '已发出', waits: '发送中', again: '没发出，会再试', failed: '没有发出' },
  },
  report: {
    title: '书面报告', due: '{at} 前提交', none: '还没有起草', draft: '按时间线起草', again: '重新起草', sign: '签字提交', approve: '批准', lacks: '签字前还要写：', byAnother: '由另一位负责人批准', signed: '{name} 签字', approved: '{name} 批准', theirs: '有人刚在这里写了：', photos: '照片 {n} 张',
    state: { draft: '草稿', signed: '已签字', approved: '已批准' }, what: '事件', occurred: '时间', place: '地点', course: '经过', conclusion: '结论',
  },
  act: {
    title: '时间线', numbers: '{n} 个号码', hint: '写一条记录', note: '记录', declared: '宣布，{level} 级', level: '级别改为 {level} 级', handed_over: '指挥移交给 {to}', begun: '开始：{step}', done: '完成：{step}', late: '超时：{step}', not_needed: '不需要：{step}',
    conditions: '情况：{said}', recorded: '记录：{said}', noted: '备注', called: '又有来电，共 {said} 户', broadcast: '电话通知住户：{said}', chat: '发群消息：{said}', over: '宣布解除', learnt: '总结：{said}', followed_up: '回访 {said} 户', report: '书面报告：{said}', closed: '办结',
    said: {
      causes: '原因', lessons: '教训与改进', insurance: '保险', followed_up: '回访受影响住户', report: '书面报告获批', begun: '开始', again: '再次拨打', stopped: '停止', drafted: '起草', changed: '修改', signed: '签字', approved: '批准',
    },
  },
  outages: { onlyOpen: '只看未恢复的', none: '没有故障记录', goesOn: '未恢复', take: '我来处理', by: '{name} 处理', cause: '原因', why: '查明的原因', note: '记下原因' },
  ladder: { title: '上报经过', Began: '故障开始', Told: '上报', Acknowledged: '有人处理', Ended: '恢复', sent: '已送达', not_sent: '未送达', minute: '第 {n} 分钟', clear: '恢复通知' },
  lost: {
    title: '丢失的来电', unknown: '恢复并读完话务记录后才知道', none: '没有丢失来电', unreachable: '{n} 个号码隐藏，无法回拨', how: { lost: '丢失', cut_off: '通话中断', abandoned: '放弃' }, willRing: '等待回拨', ticket: '工单',
    callback: { waiting: '等待回拨', ringing: '回拨中', talking: '通话中', retry: '稍后再拨', done: '已回拨', failed: '回拨未通', cancelled: '已取消' },
  },
}
