/** The build's name; empty where none was given. */
declare const __BUILD_ID__: string;
