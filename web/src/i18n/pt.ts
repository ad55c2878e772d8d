import codes from "texts:pt";

export default { ...codes } as Record<string, string>;
