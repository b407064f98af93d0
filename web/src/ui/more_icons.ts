import { svg } from 'lit';
import { addStrokes } from './icons';

// Icons of what is not seen at first paint.
addStrokes({
  up: svg`<path d="m5 12 5-5 5 5"/>`,
  download: svg`<path d="M10 3.5v9M6 9l4 4 4-4M4 16.5h12"/>`,
  attach: svg`<path d="m15.700 9.300-5.800 5.800a3.300 3.300 0 0 1-4.700-4.700l6.100-6.100a2.200 2.200 0 0 1 3.100 3.100l-6 6a1.100 1.100 0 0 1-1.600-1.600l5.300-5.300"/>`,
  file: svg`<path d="M5 3.500h6l4 4v9H5zM11 3.500v4h4M7.500 10.500h5M7.500 13.500h5"/>`,
  captions: svg`<rect x="2.500" y="4" width="15" height="12" rx="2"/><path d="M5.500 9.500h4M5.500 12.500h7M12 9.500h2.500"/>`,
  copy: svg`<rect x="7" y="7" width="9.5" height="9.5" rx="2"/><path d="M13 4.5a1.5 1.5 0 0 0-1.5-1.5H5a2 2 0 0 0-2 2v6.5A1.5 1.5 0 0 0 4.5 13"/>`,
  screenOff: svg`<rect x="2.5" y="3.500" width="15" height="10" rx="1.500"/><path d="M7 16.500h6M8 6.500l4 4m0-4-4 4"/>`,
  eye: svg`<path d="M2.5 10S5 5.200 10 5.200 17.500 10 17.500 10 15 14.800 10 14.800 2.500 10 2.500 10z"/><circle cx="10" cy="10" r="2.200"/>`,
  float: svg`<rect x="2.500" y="4" width="15" height="12" rx="2"/><rect x="10" y="9.500" width="5" height="4" rx="0.500"/>`,
  trash: svg`<path d="M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10"/>`,
  expand: svg`<path d="M4 8V4h4M16 12v4h-4M4 4l4.5 4.5M16 16l-4.5-4.5"/>`,
  shrink: svg`<path d="M8.5 4.500v4h-4M11.5 15.5v-4h4M8.5 8.5 4 4M11.5 11.5 16 16"/>`,
  more: svg`<path d="M5 10h.01M10 10h.01M15 10h.01"/>`,
  talk: svg`<path d="M3.5 5.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-3.5 3v-3a2 2 0 0 1-2-2z"/>`,
  full: svg`<path d="M3.500 7.500v-4h4M12.500 3.500h4v4M16.500 12.500v4h-4M7.500 16.500h-4v-4"/>`,
  link: svg`<path d="M8.5 11.5a3 3 0 0 0 4.2 0l2.4-2.4a3 3 0 0 0-4.2-4.2l-.9.9M11.5 8.5a3 3 0 0 0-4.2 0l-2.4 2.4a3 3 0 0 0 4.2 4.2l.9-.9"/>`,
  again: svg`<path d="M4.5 10a5.5 5.5 0 1 0 1.900-4.150M4.200 3.800v3.400h3.400"/>`,
  paste: svg`<rect x="5" y="4.5" width="10" height="12.5" rx="2"/><path d="M8 4.5a2 2 0 0 1 4 0M8 9h4M8 12h4"/>`,
});
