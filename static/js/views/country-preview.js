/**
 * While a country is guessed: its name and outline under the pointer, by the shapes of the map, and under the pin, by
 * the server's borders, which decide. Until the server has answered, and where it does not, the shapes speak.
 *
 * @import { Answer, ClosedRound, Country, Place, State } from "../types.js"
 * @import { World } from "../map/world.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { normalised } from "../core/geo.js";
import { t } from "../core/i18n.js";
import { countsCountries } from "../core/state.js";
import { words } from "../core/words.js";
import { countryAt } from "../map/countries.js";
import { CountryLayer } from "../map/country-layer.js";
import { PinCountry } from "../net/pin-country.js";

export class CountryPreview {
  #isOn = false;
  #frame = 0;
  /** @type {Place | null} */
  #pin = null;
  /** @type {Country | null | undefined} undefined: not known */
  #country;

  /**
   * @param {World} world
   * @param {(place: Place) => Promise<{country: Country | null}>} ask
   * @param {(place: Place, name: string) => void} onNamed once for each pin
   */
  constructor(world, ask, onNamed) {
    this.world = world;
    this.server = new PinCountry((place) => ask(normalised(place)), (place, country) => {
      this.#country = country;
      this.#showPin();
      onNamed(normalised(place), this.#nameOfPin());
    });
    this.layer = new CountryLayer(world.map);
    world.map.on("mousemove", ({ latlng }) => this.#later(() => this.#hover(latlng)));
    world.map.on("mouseout", () => this.#later(() => this.#hover(null)));
  }

  /** @param {State} state */
  render({ phase, pin, snapshot: { game } }) {
    const isOn = phase === "guessing" && countsCountries(game);
    if (isOn && !this.#isOn) this.world.needCountries().then(() => this.#isOn && this.#showPin());
    if (this.#isOn && !isOn) this.layer.clear();
    this.#isOn = isOn;
    if (!isOn) this.server.of(null);
    show(byId("pin-country"), isOn);
    if (!isOn || (pin === this.#pin && pin)) return;
    this.#pin = pin;
    this.#country = undefined;
    this.server.of(pin);
    this.#showPin();
  }

  /** "Peru" or "open sea"; "" before there are shapes. */
  #nameOfPin() {
    if (this.#country !== undefined) return this.#country?.name ?? words.openSea;
    if (!this.#pin || this.world.countries.length === 0) return "";
    const found = countryAt(this.world.countries, this.#pin);
    return found ? this.world.names.nameOf(found) : words.openSea;
  }

  /** Both countries of a result. @param {ClosedRound} result */
  async showResult({ truth, country, you, model }) {
    this.layer.clear();
    if (!country) return;
    await this.world.needCountries();
    const near = truth.lng;
    /** @type {["model" | "you", Answer | null][]} */
    const guesses = [["model", model], ["you", you]];
    for (const [role, answer] of guesses) {
      const isOther = answer?.country && answer.country.code !== country.code;
      this.layer.show(role, isOther && answer.country ? this.#shape(answer.country.code) : null, near);
    }
    this.layer.show("truth", this.#shape(country.code), near);
  }

  clear() {
    this.layer.clear();
  }

  /** @param {string} code */
  #shape(code) {
    return this.world.names.shapeOf(this.world.countries, code);
  }

  #showPin() {
    const place = this.#pin;
    const known = this.#country;
    const found = known === undefined ? place && countryAt(this.world.countries, place) : known && this.#shape(known.code);
    this.layer.show("pin", found, place?.lng);
    setText(byId("pin-country"), place ? t("Your pin: {country}", { country: this.#nameOfPin() }) : t("Set your pin on a country"));
  }

  /** @param {Place | null} place */
  #hover(place) {
    if (!this.#isOn) return;
    const found = place && countryAt(this.world.countries, place);
    this.layer.show("hover", found, place?.lng);
    if (found) setText(byId("pin-country"), this.world.names.nameOf(found));
    else this.#showPin();
  }

  /** Once a frame is enough. @param {() => void} draw */
  #later(draw) {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(draw);
  }
}
