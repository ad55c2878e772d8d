import codes from "texts:ru";

export default { ...codes } as Record<string, string>;
