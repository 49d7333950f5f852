// Scripts that the page loads before our modules: Pannellum and topojson-client ship no types.

interface PannellumViewer {
  on(event: "load" | "error", listener: (message?: string) => void): PannellumViewer;
  getYaw(): number;
  getPitch(): number;
  getHfov(): number;
  setYaw(yaw: number, animated?: number | false): PannellumViewer;
  setPitch(pitch: number, animated?: number | false): PannellumViewer;
  setHfov(hfov: number, animated?: number | false): PannellumViewer;
  resize(): void;
  getConfig(): { dynamic: boolean };
  setUpdate(updates: boolean): PannellumViewer;
  destroy(): void;
}

declare const pannellum: {
  viewer(container: HTMLElement, config: Record<string, unknown>): PannellumViewer;
};

declare const topojson: {
  feature(topology: unknown, object: unknown): { features: import("./map/shapes.js").Feature[] };
  mesh(
    topology: unknown,
    object: unknown,
    filter: (a: unknown, b: unknown) => boolean,
  ): { coordinates: [number, number][][] };
};
