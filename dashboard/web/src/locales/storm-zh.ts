/** Words of the storm: surge, outages, emergencies, drills. */
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
  },
  drill: { tag: '演练', title: '演练进行中', since: '{time} 起', calls: '演练来电 {n}', by: '{name} 主持', notReal: '演练，非真实情况' },
}
