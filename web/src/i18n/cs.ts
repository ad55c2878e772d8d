import codes from "texts:cs";

export default { ...codes } as Record<string, string>;
