"""Names by which people call countries in English and Arabic: what they write where a code of ISO 3166-1 belongs.

The short names, and some that are older or of a part. Territories that hardly anybody names are left out: a name that
is missing here only leads to a word about codes.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
AD Andorra, أندورا
AE United Arab Emirates, Emirates, UAE, الإمارات العربية المتحدة, الإمارات
AF Afghanistan, أفغانستان
AL Albania, ألبانيا
AM Armenia, أرمينيا
AO Angola, أنغولا
AR Argentina, الأرجنتين
AT Austria, النمسا
AU Australia, أستراليا
AW Aruba
AZ Azerbaijan, أذربيجان
BA Bosnia and Herzegovina, Bosnia, البوسنة والهرسك, البوسنة
BB Barbados
BD Bangladesh, بنغلاديش
BE Belgium, بلجيكا
BF Burkina Faso, بوركينا فاسو
BG Bulgaria, بلغاريا
BH Bahrain, البحرين
BI Burundi, بوروندي
BJ Benin, بنين
BN Brunei, بروناي
BO Bolivia, بوليفيا
BR Brazil, البرازيل
BS Bahamas
BT Bhutan
BW Botswana, بوتسوانا
BY Belarus, بيلاروس, بيلاروسيا
BZ Belize
CA Canada, كندا
CD Democratic Republic of the Congo, DR Congo, DRC, جمهورية الكونغو الديمقراطية
CF Central African Republic, جمهورية أفريقيا الوسطى
CG Congo, Republic of the Congo, الكونغو
CH Switzerland, سويسرا
CI Ivory Coast, Côte d'Ivoire, Cote d'Ivoire, ساحل العاج, كوت ديفوار
CL Chile, تشيلي
CM Cameroon, الكاميرون
CN China, الصين
CO Colombia, كولومبيا
CR Costa Rica, كوستاريكا
CU Cuba, كوبا
CV Cape Verde, Cabo Verde, الرأس الأخضر
CW Curaçao, Curacao
CY Cyprus, قبرص
CZ Czechia, Czech Republic, التشيك
DE Germany, ألمانيا
DJ Djibouti, جيبوتي
DK Denmark, الدنمارك, الدانمرك
DM Dominica
DO Dominican Republic, جمهورية الدومينيكان
DZ Algeria, الجزائر
EC Ecuador, الإكوادور
EE Estonia, إستونيا
EG Egypt, مصر
EH Western Sahara, الصحراء الغربية
ER Eritrea, إريتريا
ES Spain, إسبانيا
ET Ethiopia, إثيوبيا
FI Finland, فنلندا
FJ Fiji, فيجي
FM Micronesia
FR France, فرنسا
GA Gabon, الغابون
GB United Kingdom, Great Britain, Britain, England, Scotland, Wales, Northern Ireland, المملكة المتحدة, بريطانيا
GD Grenada
GE Georgia, جورجيا
GH Ghana, غانا
GI Gibraltar, جبل طارق
GL Greenland, غرينلاند
GM Gambia, غامبيا
GN Guinea, غينيا
GQ Equatorial Guinea, غينيا الاستوائية
GR Greece, اليونان
GT Guatemala, غواتيمالا
GW Guinea-Bissau, غينيا بيساو
GY Guyana
HK Hong Kong, هونغ كونغ
HN Honduras, هندوراس
HR Croatia, كرواتيا
HT Haiti, هايتي
HU Hungary, المجر, هنغاريا
ID Indonesia, إندونيسيا
IE Ireland, أيرلندا, إيرلندا
IL Israel, إسرائيل
IN India, الهند
IQ Iraq, العراق
IR Iran, إيران
IS Iceland, آيسلندا, أيسلندا
IT Italy, إيطاليا
JM Jamaica, جامايكا
JO Jordan, الأردن
JP Japan, اليابان
KE Kenya, كينيا
KG Kyrgyzstan, قيرغيزستان
KH Cambodia, كمبوديا
KI Kiribati
KM Comoros, جزر القمر
KN Saint Kitts and Nevis
KP North Korea, كوريا الشمالية
KR South Korea, Korea, كوريا الجنوبية
KW Kuwait, الكويت
KZ Kazakhstan, كازاخستان
LA Laos, لاوس
LB Lebanon, لبنان
LC Saint Lucia
LI Liechtenstein, ليختنشتاين
LK Sri Lanka, سريلانكا
LR Liberia, ليبيريا
LS Lesotho, ليسوتو
LT Lithuania, ليتوانيا
LU Luxembourg, لوكسمبورغ
LV Latvia, لاتفيا
LY Libya, ليبيا
MA Morocco, المغرب
MC Monaco, موناكو
MD Moldova, مولدوفا
ME Montenegro, الجبل الأسود
MG Madagascar, مدغشقر
MH Marshall Islands
MK North Macedonia, Macedonia, مقدونيا الشمالية
ML Mali, مالي
MM Myanmar, Burma, ميانمار
MN Mongolia, منغوليا
MO Macao, Macau, ماكاو
MR Mauritania, موريتانيا
MT Malta, مالطا, مالطة
MU Mauritius, موريشيوس
MV Maldives, المالديف, جزر المالديف
MW Malawi, ملاوي, مالاوي
MX Mexico, المكسيك
MY Malaysia, ماليزيا
MZ Mozambique, موزمبيق
NA Namibia, ناميبيا
NE Niger, النيجر
NG Nigeria, نيجيريا
NI Nicaragua, نيكاراغوا
NL Netherlands, The Netherlands, Holland, هولندا
NO Norway, النرويج
NP Nepal, نيبال
NR Nauru
NZ New Zealand, نيوزيلندا
OM Oman, عمان, عُمان, سلطنة عمان
PA Panama, بنما
PE Peru, بيرو
PG Papua New Guinea, بابوا غينيا الجديدة
PH Philippines, الفلبين
PK Pakistan, باكستان
PL Poland, بولندا
PR Puerto Rico, بورتوريكو
PS Palestine, State of Palestine, Palestinian Territories, فلسطين, الأراضي الفلسطينية
PT Portugal, البرتغال
PW Palau
PY Paraguay, باراغواي
QA Qatar, قطر
RO Romania, رومانيا
RS Serbia, صربيا
RU Russia, Russian Federation, روسيا
RW Rwanda, رواندا
SA Saudi Arabia, KSA, السعودية, المملكة العربية السعودية
SB Solomon Islands
SC Seychelles, سيشل
SD Sudan, السودان
SE Sweden, السويد
SG Singapore, سنغافورة
SI Slovenia, سلوفينيا
SK Slovakia, سلوفاكيا
SL Sierra Leone, سيراليون
SM San Marino, سان مارينو
SN Senegal, السنغال
SO Somalia, الصومال
SR Suriname
SS South Sudan, جنوب السودان
ST São Tomé and Príncipe, Sao Tome and Principe
SV El Salvador, السلفادور
SY Syria, سوريا, سورية
SZ Eswatini, Swaziland, إسواتيني
TD Chad, تشاد
TG Togo, توغو
TH Thailand, تايلاند
TJ Tajikistan, طاجيكستان
TL Timor-Leste, East Timor, تيمور الشرقية
TM Turkmenistan, تركمانستان
TN Tunisia, تونس
TO Tonga
TR Turkey, Türkiye, Turkiye, تركيا
TT Trinidad and Tobago
TV Tuvalu
TW Taiwan, تايوان
TZ Tanzania, تنزانيا
UA Ukraine, أوكرانيا
UG Uganda, أوغندا
US United States, United States of America, America, الولايات المتحدة, الولايات المتحدة الأمريكية, أمريكا
UY Uruguay, أوروغواي, أورغواي
UZ Uzbekistan, أوزبكستان
VA Vatican, Vatican City, Holy See, الفاتيكان
VC Saint Vincent and the Grenadines
VE Venezuela, فنزويلا
VN Vietnam, Viet Nam, فيتنام
VU Vanuatu
WS Samoa
XK Kosovo, كوسوفو
YE Yemen, اليمن
ZA South Africa, جنوب أفريقيا, جنوب إفريقيا
ZM Zambia, زامبيا
ZW Zimbabwe, زيمبابوي
"""
_ALIKE = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "\u064f": None, "’": "'", "&": " and ", ".": None}
)


def _plain(name: str) -> str:
    words = name.casefold().translate(_ALIKE).split()
    return " ".join("saint" if word == "st" else word for word in words)


_CODES: Mapping[str, str] = {
    _plain(name): line[:2] for line in _NAMES.split("\n") if line for name in line[3:].split(",")
}


def code_of(name: str) -> str | None:
    """Return the code of the country that is called so, whatever the case, `None` if there is none."""
    return _CODES.get(_plain(name))
