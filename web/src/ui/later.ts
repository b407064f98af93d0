// What is not seen at first paint; it comes right after it.
import './attach';
import './banner';
import './call_bar';
import './captures';
import './command_bar';
import './export_menu';
import './driving';
import './find';
import './key_bar';
import './notices';
import './palette';
import './question';
import './share';
import './tab_menu';
import './volume';
