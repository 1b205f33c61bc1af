// Node's packages are in .local, so they are named by their path.
import globals from "../.local/node/node_modules/globals/index.js";
import js from "../.local/node/node_modules/@eslint/js/src/index.js";

export default [
    js.configs.recommended,
    {
        languageOptions: {globals: globals.browser},
        rules: {
            eqeqeq: "error",
            "no-shadow": "error",
            "no-var": "error",
            "prefer-const": "error",
        },
    },
    // A plain script, not a module.
    {files: ["simulator/page/**"], languageOptions: {sourceType: "script"}},
];
