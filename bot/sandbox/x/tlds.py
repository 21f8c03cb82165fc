"""The top-level domains by which X sees a link in a text without `https://`: every country's, and the usual others."""

from __future__ import annotations

COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc "
    "cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga "
    "gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp "
    "ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms "
    "mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro "
    "rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr "
    "tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
).split()

OTHERS = (
    "academy agency app art asia audio auction band bank bar beauty beer best bet bike bio biz blog boutique business "
    "buzz cafe camera camp car cards care cat center chat church city clinic clothing cloud club coach codes coffee "
    "com community company computer consulting contact cool coop country credit dance date deals delivery design dev "
    "diamonds digital direct directory dog domains earth education email energy engineering events exchange expert "
    "express family fans farm fashion film finance fish fit fitness flowers football forsale foundation fun fund "
    "furniture fyi gallery game games garden gift gifts glass global gold golf gov graphics group guide guru hair "
    "health help history holiday home horse host hotel house how immo inc info ink institute international int "
    "investments jewelry jobs kids kim kitchen land legal life lighting limited link live loan lol love ltd luxury "
    "management market marketing mba media menu mil mobi moda money museum music name net network news ninja now "
    "one online org page paris party pet pharmacy photo photography photos pics pictures pizza place plus poker post "
    "press pro productions property pub quebec radio realestate red rent repair report rest restaurant reviews rocks "
    "run sale salon school science security services sex shiksha shoes shop shopping show singles site ski social "
    "software solar solutions space store stream studio style support surf systems tax taxi team tech tel tennis "
    "theater tickets tips today tools tours town toys trade training travel tube university vet video villas vip "
    "vision vote voyage wang watch web website wedding wiki win wine work works world wtf xxx xyz yoga zone"
).split()

KNOWN = frozenset((*COUNTRIES, *OTHERS))
