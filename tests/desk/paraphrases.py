"""How people ask on the phone, and the shipped entry that they mean: what the question bank's search is measured by.

Written as somebody would say it who has not read the bank. What was chosen by looking at results (how much meaning counts
against characters, single characters beside pairs) was chosen on the even ones; the odd ones tell how good it is.
"""

from __future__ import annotations

from typing import Final


def _pairs(lines: str) -> tuple[tuple[str, str], ...]:
    """(asked, code of the entry)."""
    return tuple((asked, code) for code, _, asked in (line.strip().partition(": ") for line in lines.strip().splitlines()))


CHINESE: Final = _pairs("""
    fee-pay: 我想把这季度的物业钱交了，该上哪儿交
    fee-pay: 微信能付物业那个钱不
    fee-standard: 凭啥我家每个月要收这么多管理费
    fee-arrears: 去年的管理费还没给，会罚钱吗
    fee-invoice: 单位要报销，能给我个票吗
    fee-utilities: 自来水的钱怎么突然翻倍了
    fee-refund: 不小心付了两遍，钱能还我吗
    maintenance-fund: 大修资金还剩多少能查吗
    parking-monthly: 想长期租个地方放车
    parking-visitor: 亲戚开车过来能放院里吗
    parking-occupied: 我那个位子上停了辆不认识的车
    parking-charger: 买了电车，想在地库装个充电的
    ebike: 小电驴能不能抬到屋里插电
    car-scratched: 车门让人蹭了一道，谁干的查得到吗
    access-card: 进大门刷的那个卡找不到了
    key-lost: 出门倒垃圾风把门关上了，我进不去屋
    key-deposit: 我常年在外地，钥匙能搁你们那儿吗
    visitor-entry: 我姐来看我，门口保安拦着不给进
    face-fingerprint: 不愿意录脸，有别的办法开单元门吗
    works-permit: 准备敲墙翻新，事先得报备吗
    works-hours: 星期天有人打墙，规定让不让
    works-deposit: 房子弄完了，当初压的钱咋拿回来
    works-rubbish: 拆下来的砖头瓷砖往哪儿堆
    works-balcony: 露台想用玻璃围起来
    repair-report: 马桶水箱坏了，派个人来看看
    repair-progress: 昨天说好来修的，到现在没人影
    repair-cost: 换个水龙头你们要多少钱
    repair-warranty: 刚收的新房墙皮就裂了找谁
    repair-ceiling-leak: 顶上一直往下滴水，把床都打湿了
    repair-drain: 洗碗池的水下不去了
    repair-lift: 二单元那个升降机又趴窝了
    repair-light: 三楼过道黑漆漆的，灯泡该换了
    water-outage: 拧开龙头一滴都没有
    water-pressure: 洗澡的水跟尿似的，太细了
    water-quality: 接出来的水黄黄的能喝吗
    power-outage: 屋里灯全灭了，电闸一合就掉
    power-planned: 听说后天要断电，具体几点到几点
    gas-open: 新家灶台还没通气，去哪儿申请
    gas-smell: 厨房好大一股煤气味，怎么弄
    heating: 屋里冷得要命，暖气片是凉的
    noise-neighbour: 楼上小孩天天蹦跳到十二点，没法睡
    noise-square: 广场上大妈放歌吵死了
    pets: 有人带大狗出来不拴绳子
    dog-bite: 我儿子让野狗咬了一口
    rubbish-sorting: 剩菜剩饭该丢哪个桶
    pests: 木地板里爬出好多白色的小虫，像白蚂蚁
    throwing-objects: 刚才有个酒瓶从天上砸下来
    corridor-things: 对门把自行车纸箱全放过道里
    greening: 那棵树把我家窗户全挡住了
    smoking-fumes: 有人老在电梯里抽烟
    parcel-collect: 我网购的东西送到哪儿去了，怎么拿
    parcel-lost: 点的饭放门口让人顺走了
    lost-found: 散步把手机掉了，有人交到你们这儿吗
    moving-goods: 我要搬走，沙发冰箱往外拉要开条子吗
    move-in: 刚买的房今天来拿钥匙要带啥
    tenant-register: 我把房租给别人，要跟你们说一声吗
    vacant-flat: 我们全家要出去一年，房子空着咋办
    owner-change: 我电话号码变了，给我改一下
    complain: 对你们很有意见，要找人反映
    complain-staff: 你们那个看门的骂人
    suggest-praise: 想夸夸修水管的小李
    office-hours: 你们办公室礼拜六有没有人
    services-offered: 能不能找个阿姨来家里擦玻璃
    owners-assembly: 我们想把你们这家物业换掉，怎么弄
    cctv: 想看看昨晚楼下的录像
    stranger: 楼下有个男的鬼鬼祟祟转悠半天了
    child-lost: 我奶奶出去散步一直没回来
    swimming-pool: 小区游泳的地方开了没
    typhoon-prepare: 刮大风前家里该做点啥准备
""")
ENGLISH: Final = _pairs("""
    fee-pay: Which account do I transfer the property charge to?
    fee-invoice: My company wants a bill for what I paid you
    fee-refund: I was charged twice, give me my money back
    parking-monthly: Can I rent a bay for my car by the month?
    parking-visitor: My sister drives over on Sunday, where can she leave the car?
    car-scratched: Somebody scraped my door in the garage
    access-card: I dropped the fob for the entrance somewhere
    key-lost: The door slammed behind me and I can't get back in
    works-permit: We want to knock down a wall, whom do we ask?
    works-hours: They are drilling on a Sunday morning, is that allowed?
    repair-cost: How much would it be to replace a tap?
    repair-ceiling-leak: There is a wet patch on the ceiling and it drips
    repair-progress: Nobody turned up for the repair yesterday
    water-outage: Nothing comes out of the faucet
    power-outage: All lights went off in my apartment
    gas-smell: The kitchen stinks of gas
    noise-neighbour: The kids above us jump around until midnight
    pets: There is a dog running around off the leash
    rubbish-sorting: Where do I throw leftovers?
    throwing-objects: A bottle just fell from a balcony
    parcel-lost: Somebody stole my takeaway from the doorstep
    move-in: We bought a place here, what do we do first?
    owner-change: I got a new phone number
    complain-staff: Your security man shouted at me
    child-lost: My grandmother went out and did not return
    stranger: A man has been hanging around the lobby for an hour
""")
PARAPHRASES: Final = (*CHINESE, *ENGLISH)
