/** Words of the desk's pages: tickets, households, notices. */
export default {
  date: { day: '年-月-日', time: '年-月-日 时:分', pick: '打开日历', before: '上个月', after: '下个月' }, none: '—', yes: '是', no: '否', files: '{n} 个文件', loading: '正在读取…', again: '再试', more: '再看一些', save: '保存', cancel: '取消', edit: '修改',
  close: '关闭', back: '返回列表', optional: '选填', required: '必填', unsaved: '还没有保存', whole: '全部内容', saved: '已保存',
  span: { days: '{d} 天 {h} 时', hours: '{h} 时 {m} 分', minutes: '{m} 分 {s} 秒' },
  rating: { 1: '1 满意', 2: '2 一般', 3: '3 不满意' },
  role: {
    agent: '坐席', leader: '组长', supervisor: '主管', duty_lead: '值班长', manager: '经理', operations: '运维', engineer: '工程师', office: '管理处',
    spokesperson: '发言人', admin: '管理员', employee: '员工',
  },
  whom: {
    agent: '坐席', leader: '组长', supervisor: '主管', duty_lead: '值班长', manager: '经理', operations: '运维', engineer: '工程师', office: '管理处',
    spokesperson: '发言人', admin: '管理员', owner: '负责人', assignee: '处理人',
  },
  link: { rework: '返修自', duplicate: '重复于', followup: '回访自', part: '属于' },
  list: {
    title: '工单', new: '新建工单', find: '编号或标题', kind: '类型', stage: '环节', state: '状态', estate: '项目', who: '归属', all: '全部', open: '未结', closed: '已结',
    mine: '我的', team: '{name}', due: '时限', anyDue: '不限', soon: '一小时内到期', broken: '已超时', clear: '清除筛选', none: '没有符合条件的工单',
    noneAtAll: '没有未结的工单', number: '编号', what: '内容', where: '房号', owner: '负责', updated: '更新', clock: '时限', keys: '/ 查找 · N 新建 · J K 上下 · 回车打开', nobody: '无人负责',
    shown: '已显示 {n} 单', asked: '{name} 请 {to} 接手',
  },
  fault: {
    missing: '必填', unknown_field: '没有这一项', other_value_needed: '要换成别的值', no_option: '请从列表里选', too_long: '太长了', too_short: '太短了',
    more_than_a_line: '只能写一行', no_match: '格式不对', bad_characters: '有不能用的字符', no_number: '请填数字', no_money: '请填金额，最多两位小数', too_small: '太小了',
    too_large: '太大了', no_date: '请填日期', no_time: '请填日期和时间', no_phone: '号码不对', no_person: '没有这个人', other_estate: '此人不管这个项目', no_rating: '请选 1 到 3',
    no_files: '文件不对', no_file: '文件已经不在了', no_text: '请填文字', no_yes_no: '请选是或否', other: '不对（{code}）',
  },
  event: {
    opened: '新建工单', moved: '{from} → {to}', filled_in: '填写', noted: '备注', assigned: '交 {to} 处理', unassigned: '取消处理人', offered: '请 {to} 接手', accepted: '接手',
    declined: '不接手', asked: '请部门协办', answered: '部门答复', linked: '关联：{as}', unlinked: '取消关联', attached: '上传文件', not_made: '后续工单没有建成', not_moved: '未能自动流转',
    called: '又有来电，共 {callers} 户', known: '标为已知事件', acknowledged: '已阅提醒', dispatched: '派工给 {to}，派工单 {order}', sent_back: '派工单 {order} 退回', charged: '计费 {code} × {quantity}：¥{amount}', uncharged: '取消计费 {code}',
    settled: '收款 ¥{amount}', reversed: '冲销收款 ¥{amount}', step_kept: '工程师手机上的一步对不上，留待处理', step_dealt: '留待的一步已处理', letter: '书面答复：{did}',
  },
  letter: { drafted: '起草', reworded: '修改', approved: '批准', sent: '寄出', withdrawn: '撤回' },
  clock: {
    title: '时限', none: '这一环节没有时限', left: '剩 {time}', over: '超 {time}', rest: '已暂停', kept: '按时', missed: '超时', broken: '已超时', due: '{at} 到期', ended: '{at} 结束', promise: '已承诺',
    did: {
      started: '{name}开始，{at} 到期', paused: '{name}暂停', resumed: '{name}继续，{at} 到期', changed: '{name}改为 {at} 到期', warned: '{name}将到期（{at}）', broken: '{name}已超时', climbed: '{name}超时，已通知{tell}',
      kept: '{name}按时完成', stopped: '{name}超时后结束', withdrawn: '{name}取消',
    },
  },
  private: {
    show: '查看', reason: '查看原因', why: '会记入审计', seen: '已查看，已记入审计', change: '改', quiet: '正在填写隐私信息，录音已暂停', quietSoon: '隐私项：通话中填写时自动暂停录音', hidden: '隐私项',
  },
  ticket: {
    title: '工单', path: '环节', moves: '下一步', noMoves: '这一环节没有你能做的步骤', notYours: '要由别人来做：{moves}', need: '要先填：', form: '内容', category: '分类', contact: '联系电话', notes: '来电备注', room: '房号', household: '住户', opened: '{at} 新建',
    closed: '{at} 结束', noteNew: '写备注，不要写号码', note: '添加备注', timeline: '经过', noForm: '还没有填写内容', moveTo: '确定：{name}', mustBe: '须为：{value}', go: '去', call: '通话 {id}',
    files: '附件', upload: '上传文件', uploading: '正在上传 {name}', drop: '照片、PDF 或录音，最大 20 MB', noFiles: '没有附件', sound: '录音', noSound: '没有录音', links: '关联', noLinks: '没有关联的工单', parent: '{as}', children: '下属工单',
    tie: '关联到', tieAs: '作为', number: '工单编号', untie: '取消关联', unknownNumber: '没有这个编号',
  },
  hands: {
    title: '人员', owner: '负责人', assignee: '处理人', nobody: '无', assign: '指派处理人', offer: '请人接手', offered: '已请 {name} 接手，接受前仍由{owner}负责', forYou: '请你接手', accept: '接手', decline: '不接手', takeBack: '收回',
    summary: '给对方的摘要', reason: '原因', to: '给谁', department: '协办部门', ask: '请部门协办', question: '要问什么', asked: '{name}协办中', answer: '部门答复', answerText: '答复内容', take: '我来负责', choose: '请选择',
  },
  changed: {
    title: '{who} 刚改了这个工单', nobody: '有人', what: '改动', none: '没有改到内容', kept: '你填写的都还在，没有保存。', meets: '你也改了这一项：现在是你填写的', mine: '用我的', theirs: '用对方的', ok: '知道了，继续填写', was: '原为 {from}',
    parts: {
      stage: '环节', category: '分类', owner: '负责人', offered_to: '请谁接手', assignee: '处理人', department: '协办部门', contact_number: '联系电话', room: '房号',
    },
  },
  create: {
    title: '新建工单', kind: '什么事？', forHome: '住户', noHome: '没有选住户', unset: '不关联住户', choose: '查找住户', fromCall: '来自正在通话的来电', submit: '建单', other: '换一类', estate: '项目', noEstate: '不分项目', notes: '备注', busy: '正在建单…',
    none: '没有你能建的工单类型',
  },
  known: {
    title: '这里已知的情况', hint: '把这通来电登记到该工单：处理完毕后会回电告知来电人。', marked: '已确认的事件', alike: '同一栋楼，同类问题', callers: '已有 {n} 位来电', tie: '登记到此工单', despite: '是另一件事，另开工单',
  },
  sound: {
    play: '播放', pause: '暂停', at: '{at} 处', note: '此处备注', add: '记下', drop: '删除', wave: '录音波形，可点击跳转', damaged: '录音文件损坏', message: '含留言', expires: '保存到 {on}', speed: '倍速', seat: '座席 {seat}', mark: '{who}：{text}',
  },
  home: {
    title: '住户', find: '房号、姓名开头或完整号码', estate: '项目', tag: '标签', all: '全部', none: '没有找到住户', people: '住户成员', role: { owner: '业主', tenant: '租户', staff: '员工' }, language: '语言', zh: '中文', en: '英语', room: '房号',
    unit: '单元', door: '门牌', tags: '标签', numbers: '号码', label: { mobile: '手机', home: '家庭', work: '单位', other: '其他' }, bounced: '打不通', noNumbers: '没有号码', movedOut: '{on} 搬离', past: '已搬离', noCall: '勿打扰', noCallSince: '{at} 起勿打扰',
    open: '未了事项', noOpen: '没有未了的工单和回拨', history: '往来记录', noHistory: '还没有记录', newTicket: '新建工单', edit: '修改住户', add: '添加成员', name: '姓名', number: '号码', addNumber: '添加号码', removeNumber: '删除号码',
    end: '登记搬离', endSure: '确定已搬离', removeSure: '确定删除', endOn: '搬离日期', consents: '授权', consent: { survey: '满意度调查', marketing: '活动通知', recording: '录音使用', calls: '电话回访', texts: '短信' }, give: '登记同意', withdraw: '撤回', how: { phone: '电话', paper: '书面', visit: '来访', web: '网上' }, stopCalls: '设为勿打扰',
    allowCalls: '取消勿打扰', why: '原因', see: '住户详情', changed: '有人刚改了这户资料。下面是最新的，你填写的还在，请再保存。', tickets: '工单', asked: '是否', withdrawnAt: '{at} 撤回', works: '仍可打通', call: '拨打前请确认',
  },
  unsent: {
    line: '{words}（{code}）', no_secret: '缺少密钥', secrets_unreadable: '密钥文件读不出来', secret_unfit: '密钥含有不能用的字符', no_channel: '站点文件里没有这个渠道了', smtp: '邮件服务器没有收下', http: '对方服务器没有收下',
    code: '机器人没有收下', not_its_answer: '对方的答复看不懂', fault: '内部错误，见日志', no_call: '住户要求勿打扰', no_consent: '没有短信授权', no_number: '没有可发送的手机号', unreachable: '连接不上', refused: '对方没有收下',
  },
  texts: { title: '短信', purpose: { thanks: '感谢评价' }, forgotten: '号码已删除', state: { sent: '已发出', waits: '等待发送', again: '没发出，会再试', failed: '没有发出' } },
  happened: { call: '来电', callback: '回拨', message: '留言', ticket: '工单', visit: '来访' },
  outcome: {
    answered: '已接听', abandoned: '未接通', short_abandon: '很快挂断', message: '留言', voicemail: '留言', lost: '未接通', callback: '改为回拨', menu: '在导航中结束', waiting: '等待', ringing: '响铃', talking: '通话中', retry: '待再拨', done: '已完成',
    failed: '未联系上', cancelled: '已取消',
  },
  bell: {
    title: '通知', none: '没有要处理的通知', open: '通知，{n} 条未处理', take: '知道了', warned: '{name}将到期', broken: '{name}已超时', climbed: '{name}无人响应，已上报', told: '{name}开始', due: '{at} 到期', taken: '{name} 已确认',
  },
}
