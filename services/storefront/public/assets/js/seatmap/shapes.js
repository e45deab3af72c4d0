// What a seat looks like: each price zone has a colour and a shape of its own, each state another outline.

export const SHAPES = [
  "M-3.900-2.200A1.900 1.900 0 0 1-2-4.100h4A1.900 1.900 0 0 1 3.900-2.200V2.300A1.700 1.700 0 0 1 2.200 4h-4.400A1.700 1.700 0 0 1-3.900 2.300z",
  "M0-4.200A4.200 4.200 0 1 1 0 4.200 4.200 4.200 0 0 1 0-4.200z",
  "M0-5 5 0 0 5-5 0z",
  "M-2.400-4.200h4.800L4.800 0 2.400 4.200h-4.800L-4.800 0z",
  "M0-4.700 4.600 3.800h-9.200z",
  "M0-4.800 4.500-1.500 2.800 3.900h-5.600L-4.500-1.500z",
];

export const SOLD = "M0-1.500A1.500 1.500 0 1 1 0 1.500 1.500 1.500 0 0 1 0-1.500z";
export const TICK = "M-2.100.200-.600 1.700 2.300-1.500";
export const shapeOf = (zone) => SHAPES[zone.index % SHAPES.length];
