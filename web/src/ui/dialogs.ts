import './agent_dialog';
import './invite';
import './more_icons';
import './session_dialog';
import './shortcuts';
import './size_dialog';
