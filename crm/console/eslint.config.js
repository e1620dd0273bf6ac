import vue from "eslint-plugin-vue";
import a11y from "eslint-plugin-vuejs-accessibility";
import globals from "globals";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["dist/**", "node_modules/**", "src/api/schema.d.ts", "src/components.d.ts"] },
  ...ts.configs.recommended,
  ...vue.configs["flat/recommended"],
  ...a11y.configs["flat/recommended"],
  {
    languageOptions: { globals: { ...globals.browser }, parserOptions: { parser: ts.parser } },
    rules: {
      "no-console": "error",
      eqeqeq: ["error", "smart"],
      // The template layout follows the editor's formatter, not these counters.
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/first-attribute-linebreak": "off",
      "vue/attributes-order": "off",
      // Optional props mean "absent" here, which TypeScript already says.
      "vue/require-default-prop": "off",
      "vue/no-v-html": "error",
      // Nuxt UI's form fields connect label and control by themselves.
      "vuejs-accessibility/label-has-for": "off",
      // Focus is moved on purpose where a person has just asked for the field.
      "vuejs-accessibility/no-autofocus": "off",
    },
  },
  { files: ["**/*.ts"], rules: { "no-undef": "off" } },
);
