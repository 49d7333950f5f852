"""The clues of the drawn world, for people who want to learn them: what to look at, what it says, how sure.

`python -m procedural_earth clue_pictures` draws a picture for each. Needs no renderer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sure = Literal["computed", "checked", "unchecked"]

SURE_WORDS: dict[Sure, str] = {
    "computed": "Computed",
    "checked": "Checked data",
    "unchecked": "Rule of thumb",
}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A view of a place.

    Attributes:
        place: its name for people. date: ISO. hour: apparent solar time.
        show: a name of `mesh.Clue` (lower case), which is looked for; "sun"; "along" or "across" the road.
        tries: how many places are tried, each 2 km north of the last, for the best view of what is shown,
            or of what is `beside` the road.
        heading: degrees; where it is given the camera looks there, from just this place.
    """

    place: str
    lat: float
    lng: float
    date: str
    hour: float
    show: str
    pitch: float = 0.0
    fov: float = 75.0
    tries: int = 1
    beside: str = ""
    heading: float | None = None


@dataclass(frozen=True, kw_only=True)
class Clue:
    """One clue: `text` has a sentence or two, `reason` says where the facts come from."""

    name: str
    title: str
    text: str
    sure: Sure
    reason: str
    shots: tuple[Shot, ...]

    @property
    def sure_words(self) -> str:
        return SURE_WORDS[self.sure]

    @property
    def caption(self) -> str:
        """ "Lyon, France · Invercargill, New Zealand": what the picture shows, from left to right."""
        return " · ".join(shot.place for shot in self.shots)

    @property
    def file(self) -> str:
        return f"{self.name}.jpg"


CLUES = (
    Clue(
        name="sun",
        title="Where the sun stands",
        text="At noon the sun stands in the south for most of the northern half of the Earth and in the "
        "north for most of the southern half; within the tropics it can be either. The compass tells "
        "which way you look, and the shadows point away from the sun.",
        sure="computed",
        reason="from latitude, date and hour, by the equations of astronomers",
        shots=(
            Shot(
                place="Zaragoza, Spain: south",
                lat=41.55,
                lng=-0.75,
                date="2025-02-05",
                hour=12.0,
                show="sun",
                tries=8,
                beside="sky",
                pitch=12,
            ),
            Shot(
                place="Mendoza, Argentina: north",
                lat=-33.0,
                lng=-68.6,
                date="2025-08-05",
                hour=12.0,
                show="sun",
                tries=8,
                beside="sky",
                pitch=12,
            ),
        ),
    ),
    Clue(
        name="vegetation",
        title="What grows",
        text="Spruce and birch mean a cold climate, palms a warm one, flat-topped acacias a savanna. Look "
        "at the trees first and at the ground next: red soil is common in the tropics and in "
        "Australia.",
        sure="checked",
        reason="climate classes by Köppen and Geiger; which trees grow in a class is a rule of thumb",
        shots=(
            Shot(
                place="Joensuu, Finland",
                lat=62.6,
                lng=29.9,
                date="2025-06-20",
                hour=14,
                show="along",
                beside="vegetation",
                tries=5,
                fov=80,
            ),
            Shot(
                place="Musoma, Tanzania",
                lat=-1.6,
                lng=33.95,
                date="2025-07-10",
                hour=10,
                show="along",
                beside="vegetation",
                tries=5,
                fov=80,
            ),
        ),
    ),
    Clue(
        name="drive_side",
        title="The side of the road",
        text="A third of all countries drive on the left: Britain and Ireland, Australia, New Zealand, "
        "Japan, India and its neighbours, Thailand, Indonesia, and the south and east of Africa. "
        "Signs and bollards of your lane stand on that side, too.",
        sure="checked",
        reason="two independent lists agree for all 244 countries and territories",
        shots=(
            Shot(
                place="Oxford, Britain",
                lat=51.8,
                lng=-1.3,
                date="2025-05-20",
                hour=11,
                show="along",
                beside="vehicle",
                tries=6,
                fov=60,
            ),
            Shot(
                place="Bourges, France",
                lat=47.05,
                lng=2.4,
                date="2025-05-20",
                hour=11,
                show="along",
                beside="vehicle",
                tries=6,
                fov=60,
            ),
        ),
    ),
    Clue(
        name="road_lines",
        title="Lines on the road",
        text="A yellow line in the middle is American: from Canada to Argentina, with few exceptions. Most "
        "of Europe and Africa paint the middle white; edge lines differ, too.",
        sure="unchecked",
        reason="general knowledge, country by country",
        shots=(
            Shot(
                place="Hastings, Nebraska, USA",
                lat=40.57,
                lng=-98.45,
                date="2025-06-10",
                hour=10,
                show="along",
                tries=5,
                pitch=-8,
                fov=60,
            ),
            Shot(
                place="Hameln, Germany",
                lat=52.08,
                lng=9.42,
                date="2025-06-10",
                hour=10,
                show="along",
                tries=5,
                pitch=-8,
                fov=60,
            ),
        ),
    ),
    Clue(
        name="script",
        title="The writing",
        text="Town signs show the name of a real place nearby, in its own script. Thai has small circles, "
        "Georgian is round, Greek and Cyrillic share letters with Latin; Chinese and Japanese differ "
        "by the round kana in between.",
        sure="checked",
        reason="languages and scripts of Unicode's CLDR, names of GeoNames",
        shots=(
            Shot(
                place="Suphan Buri, Thailand",
                lat=14.48,
                lng=100.15,
                date="2025-08-10",
                hour=10,
                show="sign",
                fov=66,
                pitch=2,
                heading=181,
            ),
            Shot(
                place="Kutaisi, Georgia",
                lat=42.25,
                lng=42.75,
                date="2025-06-10",
                hour=10,
                show="sign",
                fov=34,
                tries=8,
            ),
        ),
    ),
    Clue(
        name="signs",
        title="Shapes of signs",
        text="A warning is a red triangle in Europe, most of Africa and Asia, and a yellow diamond in the "
        "Americas, Australia, New Zealand, Japan, Thailand, Indonesia and Ireland. A triangle with a "
        "yellow middle is Nordic, Polish or Greek.",
        sure="unchecked",
        reason="general knowledge, country by country",
        shots=(
            Shot(
                place="Orange, Australia",
                lat=-33.14,
                lng=149.05,
                date="2025-03-10",
                hour=10,
                show="sign",
                fov=22,
                pitch=-1,
                heading=320.5,
            ),
            Shot(
                place="Bourges, France",
                lat=47.0,
                lng=2.3,
                date="2025-05-20",
                hour=11,
                show="sign",
                fov=22,
                pitch=-2,
                heading=66,
            ),
        ),
    ),
    Clue(
        name="plates",
        title="Number plates",
        text="White and long is European, white and short American. Yellow on both ends is Dutch or "
        "Luxembourgish, yellow only on the back is British; a blue stripe on the left marks much of "
        "Europe.",
        sure="unchecked",
        reason="general knowledge; the numbers are made up",
        shots=(
            Shot(
                place="Utrecht, Netherlands",
                lat=52.05,
                lng=5.2,
                date="2025-06-10",
                hour=12,
                show="plate",
                fov=30,
                tries=10,
            ),
            Shot(
                place="Cambridge, Britain",
                lat=52.2,
                lng=0.2,
                date="2025-06-10",
                hour=12,
                show="plate",
                fov=30,
                tries=10,
            ),
        ),
    ),
    Clue(
        name="bollards",
        title="Bollards",
        text="The posts at the edge of the road are a country's handwriting: the colour of the reflector, "
        "a black or red band, a round or a flat head.",
        sure="unchecked",
        reason="general knowledge of a few families; many countries have several",
        shots=(
            Shot(
                place="Bourges, France",
                lat=46.92,
                lng=2.3,
                date="2025-05-20",
                hour=11,
                show="bollard",
                fov=14,
                pitch=-6,
                heading=241,
            ),
            Shot(
                place="Ballarat, Australia",
                lat=-37.58,
                lng=143.7,
                date="2025-03-10",
                hour=11,
                show="bollard",
                fov=14,
                pitch=-7,
                heading=234.6,
            ),
        ),
    ),
    Clue(
        name="poles",
        title="Poles and wires",
        text="Wooden poles are common in North America, Scandinavia and Britain, round concrete ones in "
        "Japan, Brazil and southern Europe.",
        sure="unchecked",
        reason="general knowledge; within a country both occur",
        shots=(
            Shot(
                place="Kumagaya, Japan",
                lat=36.13,
                lng=139.4,
                date="2025-05-20",
                hour=10,
                show="pole",
                fov=70,
                tries=6,
            ),
            Shot(
                place="Tucson, Arizona, USA",
                lat=32.2,
                lng=-110.75,
                date="2025-05-20",
                hour=10,
                show="pole",
                fov=70,
                tries=6,
            ),
        ),
    ),
    Clue(
        name="buildings",
        title="Houses and roofs",
        text="Red and white timber is Nordic, tiled plaster Mediterranean, a heavy grey tiled roof "
        "Japanese, corrugated metal tropical. The nearer a town and the larger, the closer and higher "
        "the houses stand.",
        sure="unchecked",
        reason="families of houses by region; nearness and size of towns are data",
        shots=(
            Shot(
                place="Hamar, Norway",
                lat=60.78,
                lng=11.07,
                date="2025-06-20",
                hour=13,
                show="building",
                fov=75,
                pitch=3,
                heading=275.7,
            ),
            Shot(
                place="Niigata, Japan",
                lat=37.82,
                lng=139.0,
                date="2025-08-10",
                hour=10,
                show="building",
                fov=70,
                pitch=1,
                heading=252.5,
            ),
        ),
    ),
    Clue(
        name="relief",
        title="Mountains and the sea",
        text="The skyline is that of the real relief, coarsely; the sea lies where it lies. A coast "
        "narrows a guess to a strip of the map.",
        sure="checked",
        reason="elevation in cells of nine kilometres, coasts to one",
        shots=(
            Shot(
                place="Martigny, Switzerland",
                lat=46.1,
                lng=7.07,
                date="2025-06-20",
                hour=10,
                show="along",
                tries=5,
                fov=80,
            ),
            Shot(
                place="Rincón de la Victoria, Spain",
                lat=36.72,
                lng=-4.2,
                date="2025-05-20",
                hour=10,
                show="water",
                fov=52,
                pitch=0,
                heading=84,
            ),
        ),
    ),
    Clue(
        name="crops",
        title="Fields",
        text="Vines stand in rows, wheat turns gold in early summer, rice stands in water. What is sown "
        "follows climate and country.",
        sure="unchecked",
        reason="general knowledge of what is grown where",
        shots=(
            Shot(
                place="Béziers, France",
                lat=43.34,
                lng=3.1,
                date="2025-07-10",
                hour=10,
                show="across",
                fov=70,
                pitch=-3,
                heading=161,
            ),
            Shot(
                place="Manzanares, Spain",
                lat=39.14,
                lng=-3.2,
                date="2025-07-10",
                hour=10,
                show="across",
                fov=70,
                pitch=-3,
                heading=164,
            ),
        ),
    ),
    Clue(
        name="season",
        title="Season and snow",
        text="The same place in July and in February. Snow says winter, and winter says which half of the "
        "Earth: in February it lies in the north. Bare trees, fresh green and yellow leaves tell the "
        "month.",
        sure="computed",
        reason="from climate class, latitude and height, right to some five degrees",
        shots=(
            Shot(
                place="Kazan, Russia: July",
                lat=55.7,
                lng=49.4,
                date="2025-07-10",
                hour=12,
                show="along",
                fov=80,
            ),
            Shot(
                place="Kazan, Russia: February",
                lat=55.7,
                lng=49.4,
                date="2025-02-10",
                hour=12,
                show="along",
                fov=80,
            ),
        ),
    ),
)

# The picture of the game's first page, with some room to cut in. It is on no map: the nearest place that is
# played lies over 100 km away.
HERO = Shot(
    place="A coast road near Málaga, Spain",
    lat=36.72,
    lng=-4.2,
    date="2025-05-20",
    hour=17.5,
    show="along",
)
