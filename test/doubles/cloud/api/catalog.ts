import { IMAGES, imageOf, REGIONS, SIZES, shownImage, shownRegion, shownSize } from "../catalog.ts";
import { list, ok, type Routes } from "../context.ts";
import { notFound } from "../error.ts";

/** The catalogue, which never changes. */
export const catalogRoutes: Routes = {
  "GET /v2/regions": () => list("regions", REGIONS.map(shownRegion)),
  "GET /v2/sizes": () => list("sizes", SIZES.map(shownSize)),
  "GET /v2/images": () => list("images", IMAGES.map(shownImage)),
  "GET /v2/images/:id": ({ params }) => {
    const image = imageOf(params["id"]);
    if (image === undefined) throw notFound();
    return ok({ image: shownImage(image) });
  },
};
