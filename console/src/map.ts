/** Sites on a map without any map service: graticule, footprints and a pin for each site. */

import "maplibre-gl/dist/maplibre-gl.css";
import * as maplibre from "maplibre-gl";
import type { GeoJSONSource, StyleSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { FeatureCollection } from "geojson";
import type { Alert, SiteNow } from "./api";
import { colour, h, onTheme, say } from "./dom";
import { roundStep } from "./levels";
import { crowded, rankOf } from "./pins";
import { alertsGrade, countWords, people, range, siteState } from "./words";

type Features = FeatureCollection;

/** West, south, east, north; degrees. */
export type Box = [number, number, number, number];

/** A map that is drawn. */
export interface SitesMap {
  /** Newer states of its sites. */
  update(sites: SiteNow[]): void;
  /** The open alerts of all sites: a pin says how many it has. */
  alerts(open: Alert[]): void;
  /** Longitudes and latitudes of what was found. */
  found(points: [number, number][]): void;
}

/** Draw `sites` in `place`, each by its name alone until `update` says how it is; `moved` is told what is shown. Throws where WebGL is missing. */
export function drawMap(place: HTMLElement, sites: SiteNow[], moved: (shown: Box) => void = () => undefined): SitesMap {
  maplibre.setWorkerUrl(workerUrl);
  const bounds = new maplibre.LngLatBounds();
  for (const site of sites) {
    bounds.extend([site.longitude, site.latitude]);
    for (const ring of site.footprint) for (const point of ring) bounds.extend(point);
  }
  const beside = Math.min(116, place.clientWidth * 0.25);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = new maplibre.Map({
    container: place,
    style: style(sites),
    bounds,
    // Beside the outermost sites there is room for half of a pin with its name, and above for its height.
    fitBoundsOptions: { padding: { top: 90, bottom: 50, left: beside, right: beside }, maxZoom: 16 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: still ? 0 : 200,
    maxZoom: 20,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl({}), "bottom-left");
  const lines = (): void => {
    const source = map.getSource<GeoJSONSource>("graticule");
    const shown = map.getBounds().toArray().flat() as Box;
    source?.setData(graticule(shown));
    map.getSource<GeoJSONSource>("found")?.setData(dotted(dots));
    moved(shown);
    makeRoom();
  };
  let dots: [number, number][] = [];
  map.on("load", lines);
  map.on("moveend", lines);
  onTheme(() => {
    map.setStyle(style(sites));
    map.once("styledata", lines);
  });
  const pins = new Map(sites.map((site) => [site.id, pin(site)]));
  for (const site of sites) {
    const element = pins.get(site.id);
    if (element) {
      new maplibre.Marker({ element, anchor: "bottom" }).setLngLat([site.longitude, site.latitude]).addTo(map);
      // MapLibre names every marker "Map marker"; a link's own words are better.
      element.removeAttribute("role");
      element.removeAttribute("aria-label");
    }
  }
  let latest = sites;
  let called: Alert[] = [];
  /** Pins that have no room are small: what is graver lies whole above them. */
  function makeRoom(): void {
    for (const element of pins.values()) delete element.dataset["small"];
    const spots = latest.flatMap((site) => {
      const element = pins.get(site.id);
      if (!element) return [];
      const { x, y } = map.project([site.longitude, site.latitude]);
      const rank = rankOf(site, called.filter((alert) => alert.site === site.id));
      return [{ element, x, y, width: element.offsetWidth, height: element.offsetHeight, rank }];
    });
    const small = crowded(spots);
    spots.forEach(({ element, rank }, k) => {
      if (small[k]) element.dataset["small"] = "yes";
      // No whole pin hides an alarm.
      element.style.zIndex = String(12 - Math.ceil(rank) + (small[k] ? (rank < 2 ? 20 : 0) : 10));
    });
  }
  const update = (now: SiteNow[]): void => {
    latest = now;
    for (const site of now) {
      const element = pins.get(site.id);
      if (element) fill(element, site);
    }
    makeRoom();
  };
  return {
    update,
    alerts(open): void {
      for (const [id, element] of pins) {
        const own = open.filter((alert) => alert.site === id);
        const words = countWords(own);
        const mark = element.querySelector(".pin-alerts");
        if (mark) say(mark, words);
        element.dataset["alerts"] = words && alertsGrade(own);
      }
      called = open;
      makeRoom();
    },
    found(points): void {
      dots = points;
      map.getSource<GeoJSONSource>("found")?.setData(dotted(dots));
    },
  };
}

function dotted(points: [number, number][]): Features {
  return { type: "FeatureCollection", features: points.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } })) };
}

function pin(site: SiteNow): HTMLElement {
  return h("a", { class: "pin", href: `/sites/${site.id}` }, h("span", {}, site.name), " ", h("strong", {}), h("span", { class: "hidden" }), h("span", { class: "pin-alerts" }));
}

function fill(element: HTMLElement, site: SiteNow): void {
  const { grade, what } = siteState(site);
  element.dataset["grade"] = grade;
  const [figure, rest] = [element.querySelector("strong"), element.querySelector(".hidden")];
  if (figure) say(figure, site.count === null ? "?" : people(site.count));
  if (rest) say(rest, site.count === null ? ` people: not known. ${what}` : ` people, ${range(site)}. ${what}`);
}

function style(sites: SiteNow[]): StyleSpecification {
  const footprints: Features = {
    type: "FeatureCollection",
    features: sites.flatMap((site) =>
      site.footprint.map((ring) => ({
        type: "Feature" as const,
        properties: {},
        geometry: { type: "Polygon" as const, coordinates: [[...ring, ring[0] ?? [0, 0]]] },
      })),
    ),
  };
  return {
    version: 8,
    sources: {
      graticule: { type: "geojson", data: graticule([-180, -85, 180, 85]) },
      sites: { type: "geojson", data: footprints },
      found: { type: "geojson", data: dotted([]) },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("map") } },
      { id: "graticule", type: "line", source: "graticule", paint: { "line-color": colour("map-line"), "line-width": 1 } },
      { id: "area", type: "fill", source: "sites", paint: { "fill-color": colour("accent"), "fill-opacity": 0.25 } },
      { id: "edge", type: "line", source: "sites", paint: { "line-color": colour("accent"), "line-width": 1.5 } },
      { id: "found", type: "circle", source: "found", paint: { "circle-radius": 6, "circle-color": colour("bad"), "circle-opacity": 0.7, "circle-stroke-color": colour("card"), "circle-stroke-width": 1.5 } },
    ],
  };
}

/** Meridians and parallels at a round step, about eight over the visible width. */
export function graticule([west, south, east, north]: [number, number, number, number]): Features {
  const step = roundStep(Math.max(east - west, 1e-6) / 8);
  const features: Features["features"] = [];
  const line = (coordinates: [number, number][]): void => {
    features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } });
  };
  const first = (value: number): number => Math.floor(value / step) - 1;
  for (let k = first(west); k * step <= east + step; k += 1) line([[k * step, Math.max(south - step, -85)], [k * step, Math.min(north + step, 85)]]);
  for (let k = first(south); k * step <= north + step; k += 1) {
    if (Math.abs(k * step) <= 85) line([[west - step, k * step], [east + step, k * step]]);
  }
  return { type: "FeatureCollection", features };
}

