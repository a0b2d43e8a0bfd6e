export default {
  brand: { tagline: '电话绝不响第七声' },
  signIn: {
    title: '登录', name: '用户名', password: '密码', submit: '登录', waiting: '正在登录…', loading: '正在连接服务器…',
    forbidden: '此账号无权查看看板，请换一个账号登录。', ended: '登录已失效，请重新登录。',
  },
  error: {
    wrong_credentials: '用户名或密码不对。', too_many_requests: '尝试次数过多，请 15 分钟后再试。',
    unreachable: '连不上服务器，请检查网络。', unavailable: '服务器暂时不可用，请稍后再试。',
    invalid: '请填写用户名和密码。', other: '出错了（{code}），请再试一次。',
  },
  action: { signOut: '退出登录', language: 'English' },
  line: { connecting: '连接中', live: '实时', degraded: '数据中断', lost: '重连中', signed_out: '已退出', forbidden: '无权限' },
  alert: {
    stopped: '数据停在 {time}', reconnecting: '与服务器的连接断了，正在自动重连', redis: '消息总线没有响应，恢复后自动更新',
    no_board: '排队调度还没有送来数据', never: '尚未收到数据', down: '{name}故障', degraded: '{name}异常',
    silent: '没有响应', since: '自 {time}',
  },
  headline: {
    title: '两响内接起', rule: '今日全部队列 · 目标 {goal}%', offered: '呼入', answered: '接起', abandoned: '放弃', messages: '留言',
    none: '今天还没有电话进队',
  },
  queue: {
    title: '队列', waiting: '等待', longest: '最长等待', level: '服务水平', within: '{s} 秒内', abandonment: '放弃率',
    offered: '呼入', answered: '接起', overflowed: '转后备', messages: '留言', backup: '后备响铃中', nobody: '无人等待',
    none: '站点文件里没有队列',
  },
  seat: {
    title: '座席', none: '还没有座席', withheld: '号码隐藏',
    kind: { primary: '', backup: '后备', leader: '组长' },
    state: { offline: '离线', ready: '空闲', ringing: '响铃', talking: '通话', wrapup: '整理', paused: '小休' },
  },
  call: {
    title: '进行中的来电', caller: '来电', none: '线路安静，没有来电', more: '另有 {n} 个来电', backup: '后备',
    state: { menu: '语音导航', queued: '排队', ringing: '响铃', talking: '通话', after: '收尾' },
    rings: '已等 {n} 响，共 {of} 响',
  },
  health: {
    title: '系统', none: '尚无组件报告状态',
    state: { ok: '正常', degraded: '异常', down: '故障' },
    name: {
      trunk: '中继线路', asterisk: '交换机', ami: '交换机接口', acd: '排队调度', agi: '来电识别', crm: '业务记录',
      dashboard: '看板服务', redis: '消息总线', database: '数据库', disk: '磁盘',
    },
  },
}
