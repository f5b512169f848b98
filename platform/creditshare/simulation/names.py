"""Names of firms and people, put together from word lists. Any likeness to a real name is chance."""

from __future__ import annotations

import polars as pl

from creditshare.simulation.draw import Draw, part, pick

_BRAND = (
    "鑫达宏盛瑞丰泰恒兴隆华顺祥利永昌福源海天新光明德诚信和安康宁远航博雅嘉禾腾飞龙凤麒麟金银玉珠宝石山川江河湖泉林森"
    "松柏竹兰梅荷菊桂枫桐杉榆春夏秋冬晨曦晓月星辰云霞虹雨雪风雷电科创智慧鼎力精工巧匠立志成功业伟杰英豪俊优良佳美善真"
    "诺言启承继开拓迈进步升跃奔驰骋骏马鹏鹰雁鹤鹭燕鸿鸣音韵乐颂歌文化墨砚书香翰锦绣绮纶绫罗丝缎彩丹青紫红橙蓝绿碧翠澜"
    "波涛浪潮汐港湾岛屿洲陵岭峰峦岩岳峡谷原野田园圃苑庭院阁楼亭台轩坊斋堂殿宇宸尊贵君昱卿侯将相骐昊商贾珩琪琳瑜瑾璟璐"
    "璇珀珂玥玖思念忆恩惠慈仁义礼勤俭勇毅坚韧恪谨谦逊怡悦欣愉欢颜沛澄"
)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
    "彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
)
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红娥玲芬燕彬凤洁梅琳兰竹林建国庆海波斌宇浩凯健俊帆雪荣辉"
_ENTERPRISE_FORMS = ("有限公司",) * 15 + ("有限责任公司",) * 2 + ("股份有限公司", "厂（普通合伙）", "厂")
_FIRM_TYPES = ("有限责任公司(自然人投资或控股)",) * 17 + (
    "股份有限公司(非上市)",
    "普通合伙企业",
    "个人独资企业",
)
_SHORT, _LONG = 16, 24  # bits of a brand of two and of three characters

ENTERPRISE_FORM_COUNT = len(_ENTERPRISE_FORMS)


def brand(draw: Draw, index: pl.Expr) -> pl.Expr:
    """Return a brand of two or three characters that no other index below 2**24 has."""
    half = index // 2
    short = draw.shuffled(half.clip(0, 2**_SHORT - 1), width=_SHORT, purpose="brand/short")
    return (
        pl.when((index % 2 == 0) & (half < 2**_SHORT))
        .then(_letters(short, count=2))
        .otherwise(_letters(draw.shuffled(index, width=_LONG, purpose="brand/long"), count=3))
    )


def former_brand(draw: Draw, index: pl.Expr) -> pl.Expr:
    """Return a brand from the far end of the supply: no firm's present one, up to eight million firms."""
    return _letters(draw.shuffled(2**_LONG - 1 - index, width=_LONG, purpose="brand/long"), count=3)


def firm_name(brand_of: pl.Expr) -> pl.Expr:
    """Return the full name, from the columns kind, city, county, word and form."""
    place = pl.when(pl.col("form") % 3 == 0).then(pl.col("county")).otherwise(pl.col("city"))
    company = pl.concat_str(place, brand_of, "word", pick(_ENTERPRISE_FORMS, pl.col("form")))
    return (
        pl.when(pl.col("kind") == "92")
        .then(pl.concat_str("county", brand_of, "word"))
        .when(pl.col("kind") == "93")
        .then(pl.concat_str("county", brand_of, "word", pl.lit("专业合作社")))
        .otherwise(company)
    )


def firm_type() -> pl.Expr:
    """Return the registered type, from the columns kind and form."""
    return (
        pl.when(pl.col("kind") == "92")
        .then(pl.lit("个体工商户"))
        .when(pl.col("kind") == "93")
        .then(pl.lit("农民专业合作社"))
        .otherwise(pick(_FIRM_TYPES, pl.col("form")))
    )


def person(bits: pl.Expr) -> pl.Expr:
    """Return a person's name."""
    given = pick(list(_GIVEN), part(bits, 10, len(_GIVEN)))
    second = (
        pl.when(part(bits, 30, 4) == 0)
        .then(pl.lit(""))
        .otherwise(pick(list(_GIVEN), part(bits, 40, len(_GIVEN))))
    )
    return pl.concat_str(pick(list(_SURNAMES), part(bits, 0, len(_SURNAMES))), given, second)


def _letters(number: pl.Expr, *, count: int) -> pl.Expr:
    return pl.concat_str(
        *(pick(list(_BRAND), (number // 256**place % 256).cast(pl.Int64)) for place in range(count))
    )
