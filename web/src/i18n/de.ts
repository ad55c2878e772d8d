import codes from "texts:de";

export default { ...codes } as Record<string, string>;
