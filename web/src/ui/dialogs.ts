import './agent_dialog';
import './invite';
import './session_dialog';
import './shortcuts';
import './size_dialog';
