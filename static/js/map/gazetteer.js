/**
 * The towns of basemap/cities.json (written by `manage.py build_basemap`), and the one nearest to a place.
 *
 * @import { Place } from "../types.js"
 * @import { City } from "./labels.js"
 * @import { CountryName } from "./countries.js"
 *
 * @typedef {{countries: [string, number, string][], cities: [string, number, number, number, number, 0 | 1][]}} CitiesFile
 */
import { currentLanguage, t } from "../core/i18n.js";
import { angle, mercatorX, mercatorY, wrapLng } from "../core/geo.js";

const KM = 6371;
const NEAR_KM = 400; // beyond it "near" says nothing

/** @param {CitiesFile} file @returns {City[]} most populous first */
export function readCities(file) {
  const inLanguage = new Intl.DisplayNames([currentLanguage()], { type: "region", fallback: "none" });
  const names = file.countries.map(([code, , name]) => (currentLanguage() === "en" ? name : (inLanguage.of(code) ?? name)));
  return file.cities.map(([name, lat, lng, population, country, isCapital]) => ({
    name,
    lat,
    lng,
    x: mercatorX(lng),
    y: mercatorY(lat),
    population,
    country: names[country],
    isCapital: isCapital === 1,
  }));
}

/** @param {CitiesFile} file @returns {CountryName[]} */
export function readCountries(file) {
  return file.countries.map(([code, id, name]) => ({ code, id, name }));
}

/**
 * "near Lyon, France", or "" in the open sea. A well-known town further off says more than a suburb close by.
 * @param {City[]} cities @param {Place} place
 */
export function nearest(cities, place) {
  const here = { lat: place.lat, lng: wrapLng(place.lng) };
  /** @type {City | null} */
  let best = null;
  let least = Infinity;
  for (const city of cities) {
    if (Math.abs(city.lat - here.lat) > 4) continue;
    const km = angle(here, city) * KM;
    const worth = (km + 10) / (city.population + 1) ** 0.4;
    if (km < NEAR_KM && worth < least) [best, least] = [city, worth];
  }
  return best ? t("near {town}, {country}", { town: best.name, country: best.country }) : "";
}
