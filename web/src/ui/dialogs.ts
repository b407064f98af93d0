import './agent_dialog';
import './device_check';
import './invite';
import './session_dialog';
import './shortcuts';
import './size_dialog';
